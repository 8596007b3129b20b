#include "store/postgres/query.h"

#include <gmock/gmock.h>

#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PostgresQueryTest : public PostgresTest {
 protected:
  void WriteSamples() {
    const auto sample = [](const char* id, const char* time, const char* actor, const char* outcome) {
      SampleEvent event;
      event.id = id;
      event.occurred_at = At(time);
      event.actor_id = actor;
      event.outcome = outcome;
      return event;
    };
    std::vector<SampleEvent> events = {
        sample("a", "2026-10-31T23:59:59Z", "u-1", "success"), sample("b", "2026-11-01T00:00:00Z", "u-2", "failure"),
        sample("c", "2026-11-24T10:00:00Z", "u-1", "denied"), sample("d", "2026-11-24T10:00:00Z", "u-2", "success"),
        sample("e", "2026-11-24T11:00:00.5Z", "u-1", "success")};
    events[2].resource_type = "registrant";
    events[2].resource_id = "7";
    events[3].resource_type = "registrant";
    events[3].source = "/other";
    events[4].type = "org.example.update";
    events[4].trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    Write(events);
  }
};

TEST_F(PostgresQueryTest, NewestComesFirstAndTiesGoById) {
  WriteSamples();
  EXPECT_THAT(Ids(), ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_THAT(Ids({.order = Order::kOldestFirst}), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(PostgresQueryTest, EachFilterSelectsAndAllHoldTogether) {
  WriteSamples();
  EXPECT_THAT(Ids({.id = "c"}), ElementsAre("c"));
  EXPECT_THAT(Ids({.source = "/other"}), ElementsAre("d"));
  EXPECT_THAT(Ids({.type = "org.example.update"}), ElementsAre("e"));
  EXPECT_THAT(Ids({.actor_id = "u-1"}), ElementsAre("e", "c", "a"));
  EXPECT_THAT(Ids({.resource_type = "registrant"}), ElementsAre("d", "c"));
  EXPECT_THAT(Ids({.resource_type = "registrant", .resource_id = "7"}), ElementsAre("c"));
  EXPECT_THAT(Ids({.outcomes = {"denied", "failure"}}), ElementsAre("c", "b"));
  EXPECT_THAT(Ids({.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"}), ElementsAre("e"));
  EXPECT_THAT(Ids({.actor_id = "nobody"}), IsEmpty());
  EXPECT_THAT(Ids({.actor_id = "u-1", .outcomes = {"success"}}), ElementsAre("e", "a"));
}

TEST_F(PostgresQueryTest, TheTimeRangeIncludesItsBeginAndNotItsEnd) {
  WriteSamples();
  EXPECT_THAT(Ids({.from = At("2026-11-24T10:00:00Z"), .before = At("2026-11-24T11:00:00.500000Z")}),
              ElementsAre("d", "c"));
  EXPECT_THAT(Ids({.from = At("2026-11-24T10:00:00.000001Z")}), ElementsAre("e"));
  EXPECT_THAT(Ids({.from = At("2027-01-01T00:00:00Z")}), IsEmpty());
}

TEST_F(PostgresQueryTest, TheLimitAndTheCallerEndIt) {
  WriteSamples();
  EXPECT_THAT(Ids({.limit = 4}), ElementsAre("e", "d", "c", "b"));
  EXPECT_THAT(Ids({.limit = 0}), IsEmpty());
  int calls = 0;
  const auto read = QueryEvents(options_, {}, [&](const StoredEvent&) { return ++calls < 2; });
  EXPECT_EQ(read.value(), 2U);
  EXPECT_EQ(calls, 2);
}

TEST_F(PostgresQueryTest, MoreThanFitAtATimeComeInOrderAndOnce) {
  Write(NumberedEvents(0, 1'234));
  std::vector<std::string> expected;
  for (int i = 1'233; i >= 0; --i) expected.push_back("e-" + std::to_string(i));
  EXPECT_EQ(Ids(), expected);
}

TEST_F(PostgresQueryTest, WithoutATableItSaysSo) {
  const auto read = QueryEvents(options_, {}, [](const StoredEvent&) { return true; });
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), HasSubstr("audit_events"));
}

TEST_F(PostgresQueryTest, OnlyThePartitionsOfTheRangeAreRead) {
  WriteSamples();
  const std::string plan = Sql("EXPLAIN SELECT * FROM audit_events WHERE occurred_at >= '2026-11-01 00:00:00+00'");
  EXPECT_THAT(plan, HasSubstr("audit_events_2026_11"));
  EXPECT_THAT(plan, testing::Not(HasSubstr("audit_events_2026_10")));
}

}  // namespace
}  // namespace audit::store
