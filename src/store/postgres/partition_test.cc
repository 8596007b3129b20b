// Months: made when they are needed, dropped when they are old, and nothing else touched.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store/postgres/month_sql.h"
#include "store/postgres/partitions.h"
#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PostgresPartitionTest : public PostgresTest {
 protected:
  std::string Bounds(const std::string& partition) {
    return Sql("SET TimeZone='UTC'; SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = '" + partition +
               "'");
  }
};

TEST_F(PostgresPartitionTest, AMonthIsMadeWhenAnEventNeedsItFromItsFirstMomentToItsLast) {
  EXPECT_THAT(Write({Numbered(0, "2024-02-01T00:00:00Z"), Numbered(1, "2024-02-29T23:59:59.999998Z"),
                     Numbered(2, "2025-12-31T23:59:59Z")}),
              Each(Outcome::kStored));
  EXPECT_EQ(Partitions(), "audit_events_2024_02 audit_events_2025_12");
  EXPECT_EQ(Bounds("audit_events_2024_02"), "FOR VALUES FROM ('2024-02-01 00:00:00+00') TO ('2024-03-01 00:00:00+00')");
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_index WHERE indrelid = 'audit_events_2024_02'::regclass"), "6");
}

TEST_F(PostgresPartitionTest, ManyReplicasMakeTheSameMonthsAtOnce) {
  Write({Numbered(1)});
  constexpr int kReplicas = 8;
  std::atomic<int> stored{0};
  std::vector<std::thread> replicas;
  replicas.reserve(8);
  for (int i = 0; i < kReplicas; ++i) {
    replicas.emplace_back([&, i] {
      PostgresAuditStore store(options_, clock_);
      std::vector<SampleEvent> events;
      for (const char* time : {"2026-01-10T00:00:00Z", "2026-02-10T00:00:00Z", "2026-03-10T00:00:00Z"}) {
        events.push_back(Numbered(i, time));
      }
      std::vector<event::Record> records;
      records.reserve(events.size());
      for (const SampleEvent& event : events) records.push_back(event.record());
      const auto written = store.Write(records);
      EXPECT_TRUE(written.ok()) << written.error().message();
      if (!written.ok()) return;
      for (const RecordOutcome& outcome : *written) stored += outcome.outcome == Outcome::kStored ? 1 : 0;
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(stored, 3 * kReplicas);
  EXPECT_EQ(Partitions(), "audit_events_2026_01 audit_events_2026_02 audit_events_2026_03 audit_events_2026_11");
}

TEST_F(PostgresPartitionTest, ManyReplicasMakeTheTableAtOnce) {
  std::vector<std::thread> replicas;
  replicas.reserve(8);
  for (int i = 0; i < 8; ++i) {
    replicas.emplace_back([&, i] {
      PostgresAuditStore store(options_, clock_);
      const SampleEvent event = Numbered(i);
      const std::vector<event::Record> records = {event.record()};
      const auto written = store.Write(records);
      EXPECT_TRUE(written.ok()) << written.error().message();
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(Count(), "8");
}

// Somebody writes to the table, in a transaction that does not end, while months are made.
TEST_F(PostgresPartitionTest, MakingAMonthNeitherWaitsForWritersNorHoldsThemUp) {
  Write({Numbered(1)});
  Sql("BEGIN; INSERT INTO audit_events (id, occurred_at, source, type, actor_type, actor_id, action, outcome) "
      "VALUES ('open', '2026-11-24', 's', 't', 'user', 'u', 'a', 'success')");
  EXPECT_THAT(Write({Numbered(2, "2026-05-01T00:00:00Z")}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Maintain(3, 0), IsEmpty());
  Sql("COMMIT");
  EXPECT_EQ(Count(), "3");
}

TEST_F(PostgresPartitionTest, OnlyMonthsThatArePartitionsAreDropped) {
  Write({Numbered(1, "2019-10-31T23:59:59Z"), Numbered(2, "2019-11-01T00:00:00Z"), Numbered(3)});
  Sql("CREATE TABLE audit_events_2018_01 (LIKE audit_events)");  // named so, and no partition
  Sql("CREATE TABLE other (LIKE audit_events) PARTITION BY RANGE (occurred_at)");
  Sql("CREATE TABLE audit_events_2018_02 PARTITION OF other FOR VALUES FROM ('2018-02-01') TO ('2018-03-01')");
  for (const char* name :
       {"audit_events_2018_3", "audit_events_2018_13", "audit_events_2018_04_old", "audit_events_archive"}) {
    static int year = 1990;
    ++year;
    Sql(std::string("CREATE TABLE ") + name + " PARTITION OF audit_events FOR VALUES FROM ('" + std::to_string(year) +
        "-01-01') TO ('" + std::to_string(year) + "-02-01')");
  }
  EXPECT_THAT(Maintain(1, 84), ElementsAre("2019_10"));
  EXPECT_EQ(Sql("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind IN ('r', 'p') AND "
                "relname LIKE 'audit_events\\_%'"),
            "audit_events_2018_01 audit_events_2018_02 audit_events_2018_04_old audit_events_2018_13 "
            "audit_events_2018_3 audit_events_2019_11 audit_events_2026_11 audit_events_archive");
  EXPECT_THAT(Ids(), ElementsAre("e-3", "e-2"));
}

TEST_F(PostgresPartitionTest, AMonthThatIsBeingReadIsLeftForTheNextTime) {
  Write({Numbered(1, "2019-01-01T00:00:00Z")});
  Sql("BEGIN; SELECT count(*) FROM audit_events");
  const auto dropped = store_->MaintainPartitions(clock_.Now(), 1, 84);
  ASSERT_FALSE(dropped.ok());
  EXPECT_EQ(dropped.error().code(), ErrorCode::kLocked);
  EXPECT_THAT(dropped.error().message(), HasSubstr("audit_events_2019_01"));
  Sql("COMMIT");
  EXPECT_THAT(Maintain(1, 84), ElementsAre("2019_01"));
}

TEST_F(PostgresPartitionTest, AWriteAfterItsMonthWasDroppedMakesItAnew) {
  Write({Numbered(1, "2026-05-01T00:00:00Z")});
  Sql("DROP TABLE audit_events_2026_05");
  EXPECT_THAT(Write({Numbered(2, "2026-05-01T00:00:00Z")}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresPartitionTest, ATableThatBearsTheNameOfAMonthIsNamedAndLeftAlone) {
  Write({Numbered(1)});
  Sql("CREATE TABLE audit_events_2026_05 (note text)");
  const auto written = TryWrite({Numbered(2, "2026-05-01T00:00:00Z")});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("audit_events_2026_05 exists and is no partition"));
  EXPECT_EQ(Sql("SELECT count(*) FROM audit_events_2026_05"), "0");
}

TEST_F(PostgresPartitionTest, MonthsOfDaysAreOneTableToQueriesAndRetention) {
  Write({Numbered(1, "2026-10-31T23:59:59Z")});
  options_.sub_partition = SubPartition::kDay;
  Open();
  std::vector<SampleEvent> events;
  for (int day = 0; day < 28; ++day) {
    events.push_back(Numbered(100 + day, "2019-02-01T00:00:00Z"));
    events.back().occurred_at.value += std::int64_t{day} * 86'400 * time::kMicrosPerSecond;
  }
  EXPECT_THAT(Write(events), Each(Outcome::kStored));
  EXPECT_THAT(Write({Numbered(2, "2026-10-15T00:00:00Z")}), ElementsAre(Outcome::kStored));
  EXPECT_EQ(Partitions(), "audit_events_2019_02 audit_events_2026_10");
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_partition_tree('audit_events_2019_02') WHERE isleaf"), "28");
  EXPECT_EQ(Sql("SELECT count(*) FROM audit_events_2019_02_28"), "1");
  EXPECT_EQ(Bounds("audit_events_2019_02_28"),
            "FOR VALUES FROM ('2019-02-28 00:00:00+00') TO ('2019-03-01 00:00:00+00')");
  // The month that was there stays one table.
  EXPECT_EQ(Sql("SELECT relkind::text FROM pg_class WHERE relname = 'audit_events_2026_10'"), "r");
  EXPECT_THAT(Write(events), Each(Outcome::kDuplicate));
  EXPECT_THAT(Maintain(1, 84), ElementsAre("2019_02"));
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_class WHERE relname LIKE 'audit_events_2019%'"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_partition_tree('audit_events_2026_11') WHERE isleaf"), "30");
}

// As a program makes them whose server stands in Kolkata: months begin 5.5 hours early.
TEST_F(PostgresPartitionTest, MonthsThatBeginInAnotherTimeZoneLeaveNoGap) {
  Write({Numbered(1)});
  Sql("CREATE TABLE audit_events_2026_04 PARTITION OF audit_events FOR VALUES FROM ('2026-04-01 00:00:00+05:30') TO "
      "('2026-05-01 00:00:00+05:30')");
  // In April by UTC, past the end of its partition; and before the begin of March's.
  for (const SubPartition sub_partition : {SubPartition::kNone, SubPartition::kDay}) {
    options_.sub_partition = sub_partition;
    Open();
    EXPECT_THAT(Write({Numbered(2, "2026-04-30T20:00:00Z"), Numbered(3, "2026-03-31T20:00:00Z"),
                       Numbered(4, "2026-03-01T00:00:00Z"), Numbered(5, "2026-05-31T23:59:59Z")}),
                Each(Outcome::kStored));
    EXPECT_EQ(Bounds("audit_events_2026_05"),
              "FOR VALUES FROM ('2026-04-30 18:30:00+00') TO ('2026-06-01 00:00:00+00')");
    EXPECT_EQ(Bounds("audit_events_2026_03"),
              "FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-03-31 18:30:00+00')");
    Sql("DROP TABLE audit_events_2026_05, audit_events_2026_03; DELETE FROM audit_events_2026_04");
  }
}

TEST_F(PostgresPartitionTest, AWriterWithoutRightsMakesMonthsByTheOwnersFunctionAndCannotDropAny) {
  const PostgresRoles roles = InstallSchemaForWriter();
  options_.sub_partition = SubPartition::kDay;
  Open();
  EXPECT_THAT(Write({Numbered(1, "2019-01-31T00:00:00Z")}), ElementsAre(Outcome::kStored));
  EXPECT_EQ(Sql("SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class WHERE relname LIKE 'audit_events%' AND "
                "relkind IN ('r', 'p')"),
            roles.owner);
  const auto dropped = store_->MaintainPartitions(clock_.Now(), 2, 84);
  ASSERT_FALSE(dropped.ok());
  EXPECT_THAT(dropped.error().message(), HasSubstr("may not drop them"));
  EXPECT_EQ(Partitions(), "audit_events_2019_01 audit_events_2026_11 audit_events_2026_12");
  options_.user = roles.owner;
  Open();
  EXPECT_THAT(Maintain(3, 84), ElementsAre("2019_01"));
}

TEST_F(PostgresPartitionTest, WithoutThatFunctionTheErrorSaysWhatIsMissing) {
  const PostgresRoles roles = InstallSchemaForWriter();
  Sql("DROP FUNCTION audit_events_make_month(integer, integer, boolean)");
  const auto written = TryWrite({Numbered(1)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("no partition audit_events_2026_11"));
  EXPECT_THAT(written.error().message(), HasSubstr("schema --print"));
  EXPECT_THAT(written.error().message(), HasSubstr(roles.writer));
}

}  // namespace
}  // namespace audit::store
