// Through PgBouncer in transaction mode, as the writer: every transaction may be on another server connection.
#include <gmock/gmock.h>

#include <thread>

#include "store/postgres/postgres_probe.h"
#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::Each;
using testing::ElementsAre;

class PostgresPoolerTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    roles_of_schema_ = InstallSchemaForWriter();
    options_.port = Port("AUDIT_TEST_PGBOUNCER_PORT");
    Open();
  }
  PostgresRoles roles_of_schema_;
};

TEST_F(PostgresPoolerTest, EveryOutcomeIsAsWithoutIt) {
  SampleEvent conflict = Numbered(1);
  conflict.action = "other";
  EXPECT_THAT(Write({Numbered(1), Numbered(2)}), Each(Outcome::kStored));
  EXPECT_THAT(Write({Numbered(1), conflict, Numbered(3)}),
              ElementsAre(Outcome::kDuplicate, Outcome::kConflict, Outcome::kStored));
  EXPECT_THAT(Write({Numbered(4, "2026-01-01T00:00:00Z")}), ElementsAre(Outcome::kStored));
  SampleEvent bad = Numbered(5);
  bad.details = "{";
  EXPECT_THAT(Write({bad, Numbered(6)}), ElementsAre(Outcome::kRejected, Outcome::kStored));
  EXPECT_TRUE(store_->MaintainPartitions(clock_.Now(), 3, 0).ok());
  EXPECT_TRUE(PostgresProbe(options_).Check().ok());
}

TEST_F(PostgresPoolerTest, ReplicasWithManyWritersShareItsConnections) {
  options_.writers = 4;
  std::vector<std::thread> replicas;
  replicas.reserve(4);
  for (int replica = 0; replica < 4; ++replica) {
    replicas.emplace_back([&, replica] {
      PostgresAuditStore store(options_, clock_);
      for (int batch = 0; batch < 10; ++batch) {
        // Each batch has some of another replica's.
        std::vector<SampleEvent> events = NumberedEvents(replica * 1'000 + batch * 100, 100);
        for (int i = 0; i < 5; ++i) events.push_back(Numbered((replica + 1) % 4 * 1'000 + batch * 100 + i));
        std::vector<event::Record> records;
        for (SampleEvent& event : events) {
          event.subject = event.id;
          records.push_back(event.record());
        }
        auto written = store.Write(records);
        // Two that meet in each other's rows may be told to try again.
        for (int tries = 0; !written.ok() && tries < 20; ++tries) {
          EXPECT_TRUE(written.error().retryable());
          written = store.Write(records);
        }
        EXPECT_TRUE(written.ok()) << written.error().message();
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(Count(), "4000");
}

TEST_F(PostgresPoolerTest, NothingOfUsStaysOnTheServersConnections) {
  for (int i = 0; i < 5; ++i) Write({Numbered(1), Numbered(i)});
  auto connection = postgres::Connection::Open(options_);
  ASSERT_TRUE(connection.ok()) << connection.error().message();
  for (const char* setting : {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}) {
    auto shown = connection->Execute(std::string("SHOW ") + setting);
    ASSERT_TRUE(shown.ok());
    EXPECT_EQ(shown->Text(0, 0), "0") << setting;
  }
  auto tables = connection->Execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'");
  ASSERT_TRUE(tables.ok());
  EXPECT_EQ(tables->Text(0, 0), "0");
}

TEST_F(PostgresPoolerTest, AnInvestigatorReadsThroughIt) {
  Write(NumberedEvents(0, 1'000));
  options_.user = roles_of_schema_.investigator;
  std::uint64_t seen = 0;
  const auto read = QueryEvents(options_, {}, [&](const StoredEvent&) { return ++seen > 0; });
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(*read, 1'000U);
}

}  // namespace
}  // namespace audit::store
