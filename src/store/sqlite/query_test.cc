#include "store/sqlite/query.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "sqlite/database.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QueryTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    auto add = [&](const char* id, const char* time, const char* actor, const char* outcome) {
      SampleEvent event;
      event.id = id;
      event.occurred_at = At(time);
      event.actor_id = actor;
      event.outcome = outcome;
      return event;
    };
    std::vector<SampleEvent> events = {
        add("a", "2026-10-31T23:59:59Z", "u-1", "success"), add("b", "2026-11-01T00:00:00Z", "u-2", "failure"),
        add("c", "2026-11-24T10:00:00Z", "u-1", "denied"), add("d", "2026-11-24T10:00:00Z", "u-2", "success"),
        add("e", "2026-11-24T11:00:00.5Z", "u-1", "success")};
    events[2].resource_type = "registrant";
    events[2].resource_id = "7";
    events[3].resource_type = "registrant";
    events[3].source = "/other";
    events[4].type = "org.example.update";
    events[4].trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    Write(events);
  }
};

TEST_F(QueryTest, NewestComesFirstAndTiesGoById) { EXPECT_THAT(Ids(), ElementsAre("e", "d", "c", "b", "a")); }

TEST_F(QueryTest, OldestFirstIsTheOtherWayRound) {
  EXPECT_THAT(Ids({.order = Order::kOldestFirst}), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(QueryTest, EachFilterSelects) {
  EXPECT_THAT(Ids({.id = "c"}), ElementsAre("c"));
  EXPECT_THAT(Ids({.source = "/other"}), ElementsAre("d"));
  EXPECT_THAT(Ids({.type = "org.example.update"}), ElementsAre("e"));
  EXPECT_THAT(Ids({.actor_id = "u-1"}), ElementsAre("e", "c", "a"));
  EXPECT_THAT(Ids({.resource_type = "registrant"}), ElementsAre("d", "c"));
  EXPECT_THAT(Ids({.resource_type = "registrant", .resource_id = "7"}), ElementsAre("c"));
  EXPECT_THAT(Ids({.outcomes = {"denied", "failure"}}), ElementsAre("c", "b"));
  EXPECT_THAT(Ids({.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"}), ElementsAre("e"));
  EXPECT_THAT(Ids({.actor_id = "nobody"}), IsEmpty());
}

TEST_F(QueryTest, FiltersHoldTogether) {
  EXPECT_THAT(Ids({.actor_id = "u-1", .outcomes = {"success"}}), ElementsAre("e", "a"));
}

TEST_F(QueryTest, TheTimeRangeIncludesItsBeginAndNotItsEnd) {
  EXPECT_THAT(Ids({.from = At("2026-11-24T10:00:00Z"), .before = At("2026-11-24T11:00:00.500000Z")}),
              ElementsAre("d", "c"));
  EXPECT_THAT(Ids({.from = At("2026-11-24T10:00:00.000001Z")}), ElementsAre("e"));
  EXPECT_THAT(Ids({.before = At("2026-11-01T00:00:00.000001Z")}), ElementsAre("b", "a"));
  EXPECT_THAT(Ids({.from = At("2027-01-01T00:00:00Z")}), IsEmpty());
  EXPECT_THAT(Ids({.from = At("2026-11-25T00:00:00Z"), .before = At("2026-11-01T00:00:00Z")}), IsEmpty());
}

TEST_F(QueryTest, TheLimitHoldsOverAllDays) {
  EXPECT_THAT(Ids({.limit = 4}), ElementsAre("e", "d", "c", "b"));
  EXPECT_THAT(Ids({.limit = 0}), IsEmpty());
}

TEST_F(QueryTest, TheCallerEndsItByReturningFalse) {
  int calls = 0;
  const auto read = QueryEvents(options_.directory, {}, [&](const StoredEvent&) { return ++calls < 2; });
  EXPECT_EQ(read.value(), 2U);
  EXPECT_EQ(calls, 2);
}

TEST_F(QueryTest, DaysOutsideTheRangeAreNotOpened) {
  store_.reset();
  std::filesystem::resize_file(options_.directory + "/2026_10/31.db", 10'000);  // no longer a database
  EXPECT_THAT(Ids({.from = At("2026-11-01T00:00:00Z")}), ElementsAre("e", "d", "c", "b"));
  EXPECT_THAT(Ids({.limit = 2}), ElementsAre("e", "d"));
  EXPECT_FALSE(QueryEvents(options_.directory, {}, [](const StoredEvent&) { return true; }).ok());
}

TEST_F(QueryTest, AStoreThatIsNotThereIsEmpty) {
  options_.directory = "/nonexistent/store";
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(QueryTest, AFileThatWasMadeAndNotYetFilledIsEmpty) {
  std::filesystem::create_directory(options_.directory + "/2026_12");
  std::ofstream(options_.directory + "/2026_12/01.db").close();
  EXPECT_EQ(Ids().size(), 5U);
}

TEST_F(QueryTest, FiltersUseTheirIndexes) {
  auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadOnly, {});
  ASSERT_TRUE(database.ok());
  const auto plan = [&](const char* condition) {
    const std::string sql = std::string("EXPLAIN QUERY PLAN SELECT * FROM audit_events WHERE ") + condition +
                            " ORDER BY occurred_at DESC, id DESC";
    auto rows = database->Prepare(sql);
    EXPECT_TRUE(rows.ok());
    std::string text;
    while (rows->Step().value()) text += std::string(rows->Text(3)) + ";";
    return text;
  };
  using testing::HasSubstr;
  EXPECT_THAT(plan("actor_id = 'x'"), HasSubstr("idx_audit_events_actor"));
  EXPECT_THAT(plan("resource_type = 'x' AND resource_id = 'y'"), HasSubstr("idx_audit_events_resource"));
  EXPECT_THAT(plan("type = 'x'"), HasSubstr("idx_audit_events_type"));
  EXPECT_THAT(plan("trace_id = 'x'"), HasSubstr("idx_audit_events_trace"));
  EXPECT_THAT(plan("occurred_at >= 'x'"), HasSubstr("idx_audit_events_occurred_at"));
  EXPECT_THAT(plan("occurred_at >= 'x'"), testing::Not(HasSubstr("TEMP B-TREE")));
}

// Another process that reads while this one writes sees whole batches, more and more of them.
TEST_F(StoreTest, AReaderInAnotherProcessSeesWholeBatchesWhileTheyAreWritten) {
  constexpr std::size_t kBatches = 30;
  constexpr std::size_t kBatch = 100;
  Write(NumberedEvents(0, kBatch));
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t seen = 0;
    while (seen < kBatches * kBatch) {
      std::size_t now = 0;
      auto read = QueryEvents(options_.directory, {}, [&](const StoredEvent&) { return ++now > 0; });
      if (!read.ok() || now < seen || now % kBatch != 0) ::_exit(1);
      seen = now;
    }
    ::_exit(0);
  }
  for (std::size_t i = 1; i < kBatches; ++i) {
    EXPECT_THAT(Write(NumberedEvents(static_cast<int>(i * kBatch), kBatch)), testing::Each(Outcome::kStored));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace audit::store
