#include "preflight/postgres_judgement.h"

#include <functional>

#include "preflight/judgement_test_support.h"

namespace audit::preflight {
namespace {

using config::Config;
using store::Month;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr Month kThisMonth{2026, 11};

struct Installation {
  Config config;
  Expectations expectations;
  Result<store::PostgresSurvey> survey;

  Installation() : survey(store::PostgresSurvey{.server = {}, .table = store::PostgresTable()}) {
    config.database.host = "db";
    server() = {.version = "15.7",
                .version_number = 150'007,
                .role = "audit",
                .encrypted = true,
                .pooled = false,
                .read_only = false,
                .standby = false,
                .may_use_temporary_tables = true,
                .connections = 97,
                .connections_of_others = 10,
                .database_bytes = 1,
                .clock_ahead_ms = 4,
                .clock_uncertainty_ms = 2};
    table().exists = true;
    table().may_make_months = true;
    for (int ahead = 0; ahead < 3; ++ahead) {
      const Month month = kThisMonth.Plus(ahead);
      table().months.push_back(
          {.month = month, .from = month.begin(), .to = month.Plus(1).begin(), .ours_to_drop = true});
    }
  }
  store::PostgresServer& server() { return survey->server; }
  store::PostgresTable& table() { return *survey->table; }
  [[nodiscard]] std::vector<Finding> Judge() const {
    return JudgePostgres(config, expectations, survey, kThisMonth.begin());
  }
};

TEST(PostgresJudgement, AGoodInstallationHasNoComplaints) {
  EXPECT_THAT(Complaints(Installation().Judge()), IsEmpty());
}

TEST(PostgresJudgement, EachFaultIsOneComplaint) {
  struct Case {
    std::function<void(Installation&)> change;
    std::string says;
  };
  const std::vector<Case> cases{
      {[](auto& i) { i.survey = Error(ErrorCode::kUnavailable, "no route"); }, "error server: no route"},
      {[](auto& i) { i.server().version_number = 120'000; }, "error version: "},
      {[](auto& i) { i.server().standby = true; }, "error writing: a standby"},
      {[](auto& i) { i.server().read_only = true; }, "error writing: read-only"},
      {[](auto& i) { i.server().encrypted = false; }, "warning tls: not encrypted"},
      {[](auto& i) { i.server().may_use_temporary_tables = false; }, "error role: audit may not"},
      {[](auto& i) { i.expectations.replicas = 25; }, "error connections: 100 for 25 replicas"},
      {[](auto& i) { i.server().connections_of_others = 90; }, "warning connections: 8 for 2 replicas"},
      {[](auto& i) { i.server().clock_ahead_ms = -1'500; }, "warning clock: PostgreSQL's is 1500 ms behind"},
      {[](auto& i) { i.survey->table = Error(ErrorCode::kTimeout, "no answer"); }, "error table: no answer"},
      {[](auto& i) { i.table().exists = false; }, "error table: audit_events is not there, and audit may not"},
      {[](auto& i) { i.table().fits = Error(ErrorCode::kInvalidArgument, "column id"); }, "error table: column id"},
      {[](auto& i) { i.table().advice = {"lacks an index: CREATE"}; }, "warning table: lacks an index: CREATE"},
      {[](auto& i) { i.table().may_make_months = false; }, "error months: 3, 2026_11 to 2027_01"},
      {[](auto& i) { i.table().month_function_owner = "somebody"; },
       "error months: 3, 2026_11 to 2027_01; audit_events_make"},
      {[](auto& i) { i.table().closed_sequences = {"s"}; }, "error table: audit may not use s"},
      {[](auto& i) {
         i.table().exists = false;
         i.table().other_schema = "hidden";
         i.table().may_use_schema = false;
       },
       "error table: audit may not look into the schema hidden"},
      {[](auto& i) {
         i.table().exists = false;
         i.table().may_make_it = true;
         i.table().other_schema = "hidden";
       },
       "warning table: audit_events is in the schema hidden"},
      {[](auto& i) { i.table().months[1].to->value -= 19'800'000'000; }, "warning month bounds: not those of"},
      {[](auto& i) { i.table().default_partition = "rest"; }, "warning default partition: rest"},
      {[](auto& i) { i.table().strangers = {"audit_events_2026_01"}; }, "error strangers: audit_events_2026_01"},
      {[](auto& i) { i.table().months[0].ours_to_drop = false; }, "warning retention: the role may not drop"},
  };
  for (const Case& each : cases) {
    Installation installation;
    each.change(installation);
    EXPECT_THAT(Complaints(installation.Judge()), ElementsAre(StartsWith(each.says))) << each.says;
  }
}

TEST(PostgresJudgement, WhatIsInOrderAllTheSame) {
  const std::vector<std::function<void(Installation&)>> changes{
      [](auto& i) { i.server().pooled = true; },
      [](auto& i) {
        i.server().encrypted = false;
        i.config.database.host = "127.0.0.1";
      },
      [](auto& i) {
        i.table().exists = false;
        i.table().may_make_it = true;
      },
      [](auto& i) { i.table().months.clear(); },  // the service makes them
      [](auto& i) {
        i.table().months[0].ours_to_drop = false;
        i.config.role_maintain = false;
      }};
  for (const auto& change : changes) {
    Installation installation;
    change(installation);
    EXPECT_THAT(Complaints(installation.Judge()), IsEmpty());
  }
}

TEST(PostgresJudgement, TheRemedyFollowsWhatTheServerSays) {
  const std::pair<const char*, const char*> cases[] = {
      {"no pg_hba.conf entry for host \"::1\", user \"u\", database \"d\", SSL encryption (SQLSTATE 28000)",
       "hostssl auditmanager audit ::1/128 scram-sha-256"},
      {"no pg_hba.conf entry for host \"10.0.0.7\", user \"u\", database \"d\", no encryption (SQLSTATE 28000)",
       "set database.ssl_mode to require"},
      {"role \"audit\" is not permitted to log in (SQLSTATE 28000)", "ALTER ROLE audit LOGIN"},
      {"DETAIL:  User does not have CONNECT privilege. (SQLSTATE 42501)",
       "GRANT CONNECT ON DATABASE auditmanager TO audit"},
      {"too many connections for role \"audit\" (SQLSTATE 53300)", "max_connections"},
      {"password authentication failed", "DB_PASSWORD"},
      {"server does not support SSL", "database.ssl_mode"},
      {"database \"x\" does not exist (SQLSTATE 3D000)", "DB_NAME"},
      {"Connection refused", "DB_HOST"}};
  for (const auto& [said, remedy] : cases) {
    Installation installation;
    installation.config.database.user = "audit";
    installation.config.database.name = "auditmanager";
    installation.survey = Error(ErrorCode::kUnavailable, said);
    EXPECT_THAT(installation.Judge().front().remedy, HasSubstr(remedy));
  }
}

TEST(PostgresJudgement, ARemedyIsSqlWhateverTheRoleIsCalled) {
  Installation installation;
  installation.config.database.user = "audit-manager \"1\"";
  installation.survey = Error(ErrorCode::kUnavailable, "role is not permitted to log in");
  EXPECT_EQ(installation.Judge().front().remedy, R"(ALTER ROLE "audit-manager ""1""" LOGIN)");
}

}  // namespace
}  // namespace audit::preflight
