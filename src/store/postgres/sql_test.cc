// The texts that are sent, as far as they can be judged without a server.
#include <gmock/gmock.h>

#include "store/postgres/month_sql.h"
#include "store/postgres/query.h"
#include "store/postgres/schema.h"
#include "store/postgres/staging.h"
#include "store/postgres/transaction.h"
#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Sql, PartitionsAreNamedAsTheContractSays) {
  EXPECT_EQ(PartitionName({2026, 4}), "audit_events_2026_04");
  EXPECT_EQ(PartitionName({33, 12}), "audit_events_0033_12");
}

TEST(Sql, QuotesAreDoubled) {
  EXPECT_EQ(QuoteIdentifier(R"(a"b)"), R"("a""b")");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
}

TEST(Sql, NothingIsSetThatOutlivesATransaction) {
  const std::string begin =
      BeginSql({.statement_timeout = std::chrono::milliseconds(1'234)}, std::chrono::milliseconds(56));
  EXPECT_THAT(begin, HasSubstr("SET LOCAL statement_timeout=1234;"));
  EXPECT_THAT(begin, HasSubstr("SET LOCAL lock_timeout=56;"));
  std::size_t sets = 0;
  for (std::size_t at = begin.find("SET "); at != std::string::npos; at = begin.find("SET ", at + 1)) {
    EXPECT_EQ(begin.substr(at, 10), "SET LOCAL ");
    ++sets;
  }
  EXPECT_GE(sets, 5U);
  EXPECT_THAT(std::string(kCreateStaging), HasSubstr("ON COMMIT DROP"));
}

TEST(Sql, NoPlaceholderIsLeft) {
  for (const std::string& sql : {MakeMonthSql({2026, 4}, SubPartition::kDay), MakeMonthFunctionSql("public"),
                                 DropMonthSql({2026, 4}), PostgresSchemaSql()}) {
    EXPECT_THAT(sql, Not(HasSubstr("@")));
  }
}

TEST(Sql, TheSchemaScriptQuotesItsNamesAndGrantsTheWriterNoMoreThanItNeeds) {
  const std::string sql = PostgresSchemaSql({.owner = "o\"1", .writer = "w", .investigator = "i", .schema = "s"});
  EXPECT_THAT(sql, HasSubstr(R"("o""1")"));
  EXPECT_THAT(sql, HasSubstr(R"(GRANT SELECT, INSERT ON "s".audit_events TO "w")"));
  EXPECT_THAT(sql, HasSubstr(R"(GRANT SELECT ON "s".audit_events TO "i")"));
  EXPECT_THAT(sql, Not(HasSubstr("UPDATE")));
  EXPECT_THAT(sql, Not(HasSubstr("TRUNCATE")));
  EXPECT_THAT(sql, HasSubstr("SET search_path = pg_catalog, pg_temp"));
}

TEST(Sql, ASelectionBindsWhatItIsGiven) {
  const Selection all = SelectionFor({});
  EXPECT_TRUE(all.parameters.empty());
  EXPECT_THAT(all.sql, Not(HasSubstr("WHERE")));
  EXPECT_THAT(all.sql, HasSubstr("ORDER BY occurred_at DESC, id DESC"));
  const Selection some = SelectionFor({.from = At("2026-11-24T00:00:00Z"),
                                       .actor_id = "x' OR true --",
                                       .outcomes = {"denied", "failure"},
                                       .order = Order::kOldestFirst,
                                       .limit = 5});
  EXPECT_THAT(some.parameters, ElementsAre("2026-11-24T00:00:00.000000Z", "x' OR true --", "denied", "failure"));
  EXPECT_THAT(some.sql, HasSubstr("WHERE occurred_at >= $1::timestamptz AND actor_id = $2 AND outcome IN ($3, $4) "
                                  "ORDER BY occurred_at, id LIMIT 5"));
}

std::vector<TableColumn> ContractColumns() {
  std::vector<TableColumn> columns;
  for (const char* name : {"id", "occurred_at", "ingested_at", "source", "type", "subject", "actor_type", "actor_id",
                           "resource_type", "resource_id", "action", "outcome", "reason", "trace_id", "details"}) {
    columns.push_back({.name = name, .type = "text"});
  }
  columns[1].type = columns[2].type = "timestamp with time zone";
  columns[2].has_default = true;
  columns[14].type = "jsonb";
  return columns;
}

TEST(MisfitOf, TheColumnsOfTheContractFitInAnyOrder) {
  std::vector<TableColumn> columns = ContractColumns();
  EXPECT_EQ(MisfitOf(columns), "");
  std::swap(columns[3], columns[14]);
  columns[5].not_null = false;
  EXPECT_EQ(MisfitOf(columns), "");
}

TEST(MisfitOf, NamesTheColumnThatDoesNot) {
  const auto misfit = [](const std::function<void(std::vector<TableColumn>&)>& change) {
    std::vector<TableColumn> columns = ContractColumns();
    change(columns);
    return MisfitOf(columns);
  };
  EXPECT_EQ(misfit([](auto& columns) { columns.erase(columns.begin() + 13); }), "column trace_id is missing");
  EXPECT_EQ(misfit([](auto& columns) { columns[14].type = "json"; }), "column details is json instead of jsonb");
  EXPECT_THAT(misfit([](auto& columns) { columns[1].type = "timestamp without time zone"; }),
              HasSubstr("column occurred_at is timestamp without time zone"));
  EXPECT_THAT(misfit([](auto& columns) { columns[5].not_null = true; }), HasSubstr("column subject is NOT NULL"));
  EXPECT_THAT(misfit([](auto& columns) { columns[2].has_default = false; }), HasSubstr("column ingested_at"));
}

TEST(MisfitOf, AColumnOfTheSitesOwnFitsUnlessRowsNeedAValueForIt) {
  std::vector<TableColumn> columns = ContractColumns();
  columns.push_back({.name = "site", .type = "text"});
  EXPECT_EQ(MisfitOf(columns), "");
  columns.back().not_null = true;
  EXPECT_THAT(MisfitOf(columns), HasSubstr("column site"));
  columns.back().has_default = true;
  EXPECT_EQ(MisfitOf(columns), "");
}

}  // namespace
}  // namespace audit::store::postgres
