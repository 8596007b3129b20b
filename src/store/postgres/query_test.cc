#include "store/postgres/query.h"

#include <gmock/gmock.h>

#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::HasSubstr;

using PostgresQueryTest = PostgresTest;

TEST_F(PostgresQueryTest, WithoutATableItSaysSo) {
  const auto read = QueryEvents(options_, {}, [](const StoredEvent&) { return true; });
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message(), HasSubstr("audit_events"));
}

TEST_F(PostgresQueryTest, OnlyThePartitionsOfTheRangeAreRead) {
  Write({Numbered(1), Numbered(2, "2026-10-31T23:59:59Z")});
  const std::string plan = Sql("EXPLAIN SELECT * FROM audit_events WHERE occurred_at >= '2026-11-01 00:00:00+00'");
  EXPECT_THAT(plan, HasSubstr("audit_events_2026_11"));
  EXPECT_THAT(plan, testing::Not(HasSubstr("audit_events_2026_10")));
}

}  // namespace
}  // namespace audit::store
