// A table is made where there is none, taken over where it fits, and refused by name where it does not.
#include <gmock/gmock.h>

#include "store/month.h"
#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// As the Python service makes it: plain DDL, no names but those of the contract.
constexpr const char* kPlainTable =
    "CREATE TABLE audit_events (id TEXT NOT NULL, occurred_at TIMESTAMPTZ NOT NULL,"
    " ingested_at TIMESTAMPTZ NOT NULL DEFAULT now(), source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT,"
    " actor_type TEXT NOT NULL, actor_id TEXT NOT NULL, resource_type TEXT, resource_id TEXT, action TEXT NOT NULL,"
    " outcome TEXT NOT NULL, reason TEXT, trace_id TEXT, details JSONB, PRIMARY KEY (id, occurred_at))"
    " PARTITION BY RANGE (occurred_at);"
    "CREATE INDEX idx_audit_events_occurred_at ON audit_events (occurred_at DESC);"
    "CREATE INDEX idx_audit_events_actor ON audit_events (actor_id, occurred_at DESC);"
    "CREATE INDEX idx_audit_events_resource ON audit_events (resource_type, resource_id, occurred_at DESC);"
    "CREATE INDEX idx_audit_events_type ON audit_events (type, occurred_at DESC);"
    "CREATE INDEX idx_audit_events_trace ON audit_events (trace_id) WHERE trace_id IS NOT NULL;"
    "CREATE TABLE audit_events_2026_10 PARTITION OF audit_events FOR VALUES FROM ('2026-10-01 00:00:00+00') TO "
    "('2026-11-01 00:00:00+00');"
    "INSERT INTO audit_events (id, occurred_at, source, type, actor_type, actor_id, action, outcome, details) VALUES "
    "('old', '2026-10-10 10:00:00+00', '/registry', 'org.example.login', 'user', 'u-1', 'login', 'success', '{\"a\": "
    "1}')";

class PostgresSchemaTest : public PostgresTest {
 protected:
  Result<PostgresSchemaReport> Ensure() { return EnsurePostgresSchema(options_); }
  std::string Refusal() {
    const auto ensured = Ensure();
    if (ensured.ok()) return "taken";
    EXPECT_EQ(ensured.error().code(), ErrorCode::kInvalidArgument);
    return ensured.error().message();
  }
  std::string Describe() {
    return Sql(
        "SELECT string_agg(column_name || ' ' || data_type || CASE is_nullable WHEN 'NO' THEN '!' ELSE '' END || "
        "COALESCE(' ' || column_default, ''), ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE "
        "table_name = 'audit_events'");
  }
  std::string Indexes() {
    return Sql(
        "SELECT regexp_replace(indexdef, 'public\\.', '') FROM pg_indexes WHERE tablename = 'audit_events' "
        "ORDER BY indexname");
  }
};

TEST_F(PostgresSchemaTest, TheTableIsTheOneOfTheContract) {
  auto ensured = Ensure();
  ASSERT_TRUE(ensured.ok()) << ensured.error().message();
  EXPECT_TRUE(ensured->created);
  EXPECT_THAT(ensured->advice, IsEmpty());
  EXPECT_EQ(
      Describe(),
      "id text!, occurred_at timestamp with time zone!, ingested_at timestamp with time zone! now(), source text!, "
      "type text!, subject text, actor_type text!, actor_id text!, resource_type text, resource_id text, action "
      "text!, outcome text!, reason text, trace_id text, details jsonb");
  const std::string made = Describe() + Indexes();
  Sql("DROP TABLE audit_events");
  Sql(kPlainTable);
  EXPECT_EQ(Describe() + Indexes(), made);
}

TEST_F(PostgresSchemaTest, ATableThatIsThereIsTakenOverWithItsRows) {
  Sql(kPlainTable);
  const std::string before = Describe() + Indexes();
  auto ensured = Ensure();
  ASSERT_TRUE(ensured.ok()) << ensured.error().message();
  EXPECT_FALSE(ensured->created);
  EXPECT_THAT(ensured->advice, IsEmpty());
  SampleEvent old;
  old.id = "old";
  old.occurred_at = At("2026-10-10T10:00:00Z");
  old.details = R"({"a":1})";
  EXPECT_THAT(Write({old, Numbered(1)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  EXPECT_EQ(Describe() + Indexes(), before);
  EXPECT_EQ(Partitions(), "audit_events_2026_10 audit_events_2026_11");
}

TEST_F(PostgresSchemaTest, ATableThatDoesNotFitIsRefusedWithTheColumnsNameAndNotChanged) {
  const std::pair<const char*, const char*> changes[] = {
      {"ALTER TABLE audit_events DROP COLUMN trace_id", "column trace_id is missing"},
      {"ALTER TABLE audit_events ALTER COLUMN details TYPE json", "column details is json instead of jsonb"},
      {"ALTER TABLE audit_events ALTER COLUMN actor_id TYPE varchar(40)", "column actor_id is character varying(40)"},
      {"ALTER TABLE audit_events ALTER COLUMN ingested_at DROP DEFAULT", "column ingested_at"},
      {"ALTER TABLE audit_events ADD COLUMN tenant text NOT NULL", "column tenant"},
      {"ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey", "primary key"},
      {"DROP TABLE audit_events; CREATE TABLE audit_events (id text)", "not partitioned"},
      {"DROP TABLE audit_events; CREATE TABLE audit_events (id text) PARTITION BY LIST (id)", "LIST (id)"},
  };
  for (const auto& [change, says] : changes) {
    Sql("DROP TABLE IF EXISTS audit_events");
    Sql(kPlainTable);
    Sql("DELETE FROM audit_events");
    Sql(change);
    const std::string before = Describe();
    EXPECT_THAT(Refusal(), HasSubstr(says));
    // The batch waits for somebody who mends the table.
    const auto written = TryWrite({Numbered(1)});
    ASSERT_FALSE(written.ok());
    EXPECT_TRUE(written.error().retryable());
    EXPECT_THAT(written.error().message(), HasSubstr(says));
    EXPECT_EQ(Describe(), before);
  }
  Sql("DROP TABLE audit_events");
  Sql(kPlainTable);
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresSchemaTest, AMissingIndexIsAdvisedWithTheStatementThatMakesIt) {
  Sql(kPlainTable);
  Sql("DROP INDEX idx_audit_events_trace");
  auto ensured = Ensure();
  ASSERT_TRUE(ensured.ok());
  ASSERT_EQ(ensured->advice.size(), 1U);
  EXPECT_THAT(ensured->advice[0],
              HasSubstr("CREATE INDEX IF NOT EXISTS idx_audit_events_trace ON audit_events (trace_id) WHERE"));
  Write({Numbered(1)});
  EXPECT_EQ(store_->Advice(), ensured->advice);
}

TEST_F(PostgresSchemaTest, TooFewLocksForAllTheLeavesAreAdvisedAgainst) {
  options_.sub_partition = SubPartition::kDay;
  Open();
  std::vector<SampleEvent> events;
  for (int year = 2010; year < 2012; ++year) {
    for (int month = 1; month <= 10; ++month) {
      events.push_back(SampleEvent());
      events.back().occurred_at = Month{year, month}.begin();
    }
  }
  Write(events);
  auto ensured = Ensure();
  ASSERT_TRUE(ensured.ok()) << ensured.error().message();
  EXPECT_THAT(ensured->advice, ElementsAre(HasSubstr("max_locks_per_transaction")));
}

TEST_F(PostgresSchemaTest, TheScriptMakesTheSameTableAndMayRunAgain) {
  ASSERT_TRUE(Ensure().ok());
  const std::string made = Describe() + Indexes();
  Sql("DROP TABLE audit_events");
  const PostgresRoles roles = InstallSchemaForWriter();
  EXPECT_EQ(Describe() + Indexes(), made);
  Sql(PostgresSchemaSql(roles));
  EXPECT_EQ(Describe() + Indexes(), made);
}

TEST_F(PostgresSchemaTest, TheScriptTakesOverATableWithItsPartitionsAndRows) {
  Sql(kPlainTable);
  const PostgresRoles roles = InstallSchemaForWriter();
  EXPECT_EQ(Sql("SELECT DISTINCT tableowner::text FROM pg_tables WHERE tablename LIKE 'audit_events%'"), roles.owner);
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
  EXPECT_EQ(Count(), "2");
}

TEST_F(PostgresSchemaTest, EachRoleMayDoItsPartAndNoMore) {
  const PostgresRoles roles = InstallSchemaForWriter();
  EXPECT_THAT(Write({Numbered(1), Numbered(1)}), ElementsAre(Outcome::kStored, Outcome::kDuplicate));
  const auto as = [&](const std::string& role, const std::string& sql) {
    PostgresOptions options = SuperuserOptions();
    options.user = role;
    auto connection = postgres::Connection::Open(options);
    if (!connection.ok()) return connection.error().message();
    auto done = connection->Execute(sql);
    return done.ok() ? std::string("done") : connection->report()->sqlstate;
  };
  for (const char* forbidden : {"DELETE FROM audit_events", "UPDATE audit_events SET action = 'x'",
                                "TRUNCATE audit_events", "DROP TABLE audit_events_2026_11",
                                "CREATE TABLE mine (id text)", "ALTER TABLE audit_events ADD COLUMN x text"}) {
    EXPECT_EQ(as(roles.writer, forbidden), "42501") << forbidden;
    EXPECT_EQ(as(roles.investigator, forbidden), "42501") << forbidden;
  }
  EXPECT_EQ(as(roles.investigator, "SELECT count(*) FROM audit_events"), "done");
  EXPECT_EQ(as(roles.investigator, "INSERT INTO audit_events SELECT * FROM audit_events"), "42501");
  EXPECT_EQ(as(roles.investigator, "SELECT audit_events_make_month(2026, 1, false)"), "42501");
  EXPECT_EQ(as(roles.writer, "SELECT audit_events_make_month(2026, 13, false)"), "22023");
  EXPECT_EQ(as(roles.writer, "SELECT audit_events_make_month(NULL, 1, false)"), "22023");
}

// A function with its owner's rights must not be led astray by what its caller has made.
TEST_F(PostgresSchemaTest, TheFunctionDoesNotLookIntoItsCallersSchemas) {
  const PostgresRoles roles = InstallSchemaForWriter();
  PostgresOptions options = SuperuserOptions();
  options.user = roles.writer;
  auto connection = postgres::Connection::Open(options);
  ASSERT_TRUE(connection.ok());
  auto done = connection->Execute(
      "CREATE TEMPORARY TABLE audit_events (LIKE public.audit_events) ; SET TimeZone = 'Asia/Kolkata'; SET DateStyle = "
      "'SQL, DMY'; SELECT public.audit_events_make_month(2026, 2, false)");
  ASSERT_TRUE(done.ok()) << done.error().message();
  EXPECT_EQ(Sql("SET TimeZone='UTC'; SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = "
                "'audit_events_2026_02'"),
            "FOR VALUES FROM ('2026-02-01 00:00:00+00') TO ('2026-03-01 00:00:00+00')");
}

TEST_F(PostgresSchemaTest, ARoleThatMayNotMakeTheTableIsToldWhatToDo) {
  options_.user = MakeRole("nobody");
  Sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  const auto refused = Ensure();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("schema --print"));
  Sql(kPlainTable);
  Sql("GRANT SELECT ON audit_events TO " + options_.user);
  const auto no_insert = Ensure();
  ASSERT_FALSE(no_insert.ok());
  EXPECT_THAT(no_insert.error().message(), HasSubstr("has no INSERT on audit_events"));
}

}  // namespace
}  // namespace audit::store
