// What is told of the server and the table is what is there, and asking changes nothing.
#include "store/postgres/survey.h"

#include <gmock/gmock.h>

#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PostgresSurveyTest : public PostgresTest {
 protected:
  PostgresSurvey Survey() {
    auto survey = SurveyPostgres(options_, env::SystemClock());
    EXPECT_TRUE(survey.ok()) << survey.error().message();
    EXPECT_TRUE(survey->table.ok()) << survey->table.error().message();
    return std::move(survey).value();
  }
  // All tables and their partitions.
  std::string Everything() {
    return Sql(
        "SELECT string_agg(relname || pg_get_expr(relpartbound, oid), ' ' ORDER BY relname) FROM pg_class "
        "WHERE relname LIKE 'audit%'");
  }
};

TEST_F(PostgresSurveyTest, AnEmptyDatabaseStaysEmpty) {
  const PostgresSurvey survey = Survey();
  EXPECT_FALSE(survey.table->exists);
  EXPECT_TRUE(survey.table->may_make_it);
  EXPECT_EQ(Everything(), "");
  EXPECT_EQ(survey.server.version, Sql("SHOW server_version"));
  EXPECT_EQ(survey.server.role, options_.user);
  EXPECT_TRUE(survey.server.encrypted);  // the server of the tests has a certificate
  EXPECT_FALSE(survey.server.pooled);
  EXPECT_FALSE(survey.server.read_only);
  EXPECT_TRUE(survey.server.may_use_temporary_tables);
  EXPECT_GT(survey.server.connections, 0);
  EXPECT_LE(std::abs(survey.server.clock_ahead_ms), survey.server.clock_uncertainty_ms + 1);
}

TEST_F(PostgresSurveyTest, TellsTheMonthsAndWhatIsInTheirWay) {
  Write({Numbered(1)});
  Sql("CREATE TABLE audit_events_rest PARTITION OF audit_events DEFAULT; CREATE TABLE audit_events_2026_03 (id text);"
      "CREATE TABLE audit_events_2026_99 (id text)");
  const std::string before = Everything();
  const PostgresSurvey survey = Survey();
  EXPECT_TRUE(survey.table->fits.ok());
  ASSERT_EQ(survey.table->months.size(), 1U);
  EXPECT_EQ(survey.table->months[0].month, (Month{2026, 11}));
  EXPECT_EQ(survey.table->months[0].from->value, (Month{2026, 11}.begin().value));
  EXPECT_EQ(survey.table->months[0].to->value, (Month{2026, 12}.begin().value));
  EXPECT_TRUE(survey.table->may_make_months);
  EXPECT_EQ(survey.table->default_partition, "audit_events_rest");
  EXPECT_THAT(survey.table->strangers, ElementsAre("audit_events_2026_03"));
  EXPECT_GT(survey.table->bytes, 0);
  EXPECT_EQ(Everything(), before);
}

TEST_F(PostgresSurveyTest, ATableThatDoesNotFitIsSaid) {
  Write({Numbered(1)});
  Sql("ALTER TABLE audit_events DROP COLUMN trace_id");
  const PostgresSurvey survey = Survey();
  ASSERT_FALSE(survey.table->fits.ok());
  EXPECT_EQ(survey.table->fits.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(survey.table->fits.error().message(), HasSubstr("trace_id"));
  EXPECT_EQ(survey.table->months.size(), 1U);
}

TEST_F(PostgresSurveyTest, LimitsAndRightsAreThoseOfTheRole) {
  InstallSchemaForWriter();
  Sql("ALTER ROLE " + options_.user + " CONNECTION LIMIT 3");
  PostgresSurvey survey = Survey();
  EXPECT_EQ(survey.server.connections, 3);
  EXPECT_TRUE(survey.table->fits.ok());
  EXPECT_TRUE(survey.table->may_make_months);
  options_.user = MakeRole("nobody");
  survey = Survey();
  ASSERT_FALSE(survey.table->fits.ok());
  EXPECT_THAT(survey.table->fits.error().message(), HasSubstr("has no SELECT"));
  EXPECT_FALSE(survey.table->may_make_months);
}

TEST_F(PostgresSurveyTest, APoolerIsNoticed) {
  options_.port = Port("AUDIT_TEST_PGBOUNCER_PORT");
  EXPECT_TRUE(Survey().server.pooled);
}

TEST_F(PostgresSurveyTest, AReadOnlyServerIsSaid) {
  Sql("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
  EXPECT_TRUE(Survey().server.read_only);
}

TEST_F(PostgresSurveyTest, ARoleThatMayNotLogInIsAnError) {
  options_.password = "wrong";
  auto refused = SurveyPostgres(options_, env::SystemClock());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("password"));
}

}  // namespace
}  // namespace audit::store
