#include "store/postgres/sqlstate.h"

#include <gmock/gmock.h>

namespace audit::store::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

Fault FaultOfState(const char* sqlstate) {
  return FaultOf({.sqlstate = sqlstate, .message = "", .constraint = "c", .column = ""});
}

TEST(Sqlstate, WhatIsWrongWithARowIsTheRowsFault) {
  for (const char* state :
       {"22001", "22003", "22008", "22021", "22P02", "22P05", "23502", "23514", "23503", "23P01", "54000", "P0001"}) {
    EXPECT_EQ(FaultOfState(state), Fault::kRow) << state;
  }
}

TEST(Sqlstate, WhatIsWrongWithTheServerIsNoRowsFault) {
  for (const char* state : {"",      "08006", "08P01", "25006", "28P01", "3D000", "40001", "40P01", "42501",
                            "42703", "42P01", "53100", "53200", "53300", "54001", "55P03", "57014", "57P01",
                            "57P03", "58030", "0A000", "XX000", "XX001", "22P04", "22023"}) {
    EXPECT_EQ(FaultOfState(state), Fault::kServer) << state;
  }
}

TEST(Sqlstate, AUniqueViolationIsADuplicateKey) { EXPECT_EQ(FaultOfState("23505"), Fault::kDuplicateKey); }

TEST(Sqlstate, ACheckViolationWithoutAConstraintIsAMissingPartition) {
  EXPECT_EQ(FaultOf({.sqlstate = "23514", .message = "", .constraint = "", .column = ""}), Fault::kNoPartition);
  EXPECT_EQ(FaultOf({.sqlstate = "23514", .message = "", .constraint = "positive", .column = ""}), Fault::kRow);
}

TEST(Sqlstate, EveryFaultOfTheServerIsTriedAgain) {
  EXPECT_EQ(CodeOf("57014"), ErrorCode::kTimeout);
  EXPECT_EQ(CodeOf("55P03"), ErrorCode::kLocked);
  EXPECT_EQ(CodeOf("40001"), ErrorCode::kLocked);
  EXPECT_EQ(CodeOf("40P01"), ErrorCode::kLocked);
  EXPECT_EQ(CodeOf("53100"), ErrorCode::kNoSpace);
  for (const char* state : {"", "08006", "25006", "53300", "57P01", "42501", "XX001"}) {
    EXPECT_EQ(CodeOf(state), ErrorCode::kUnavailable) << state;
  }
  for (const char* state : {"57014", "55P03", "40001", "53100", "08006", "58030"}) {
    EXPECT_TRUE(Error(CodeOf(state), "").retryable()) << state;
  }
}

TEST(Sqlstate, AReasonNamesConstraintAndColumnAndQuotesNothing) {
  const std::string reason = ReasonOf(
      {.sqlstate = "22P02", .message = R"(invalid input: "asha@example.org")", .constraint = "", .column = "details"});
  EXPECT_THAT(reason, HasSubstr("22P02"));
  EXPECT_THAT(reason, HasSubstr("column details"));
  EXPECT_THAT(reason, Not(HasSubstr("asha")));
  EXPECT_THAT(ReasonOf({.sqlstate = "23514", .message = "", .constraint = "amount_positive", .column = ""}),
              HasSubstr("constraint amount_positive"));
}

TEST(Sqlstate, AConnectionThatIsRefusedSaysWhyOnceAndWhatToDo) {
  const Report report = ReportOfRefusal(
      "connection to server at \"db\", port 5432 failed: FATAL:  28P01: password authentication failed for user \"u\"\n"
      "LOCATION:  auth_failed, auth.c:335\n"
      "connection to server at \"db\", port 5432 failed: FATAL:  28P01: password authentication failed for user \"u\"\n"
      "LOCATION:  auth_failed, auth.c:335\n");
  EXPECT_EQ(report.sqlstate, "28P01");
  EXPECT_EQ(
      ErrorOf(report, "db").message(),
      "db: connection to server at \"db\", port 5432 failed: FATAL: password authentication failed for user \"u\" "
      "(SQLSTATE 28P01); check DB_USER and DB_PASSWORD");
}

TEST(Sqlstate, WhatLibpqSaysByItselfHasARemedyToo) {
  const Report report =
      ReportOfRefusal("connection to server at \"db\" failed: SSL error: certificate verify failed\n");
  EXPECT_EQ(report.sqlstate, "");
  EXPECT_EQ(ErrorOf(report, "db").code(), ErrorCode::kUnavailable);
  EXPECT_THAT(ErrorOf(report, "db").message(), HasSubstr("check database.ssl_root_certificate_file"));
  for (const char* other : {"", "timeout expired\n", "FATAL:  12: no", "a:  28P01"}) {
    EXPECT_EQ(ReportOfRefusal(other).sqlstate, "") << other;
  }
  EXPECT_EQ(ReportOfRefusal("a:  28P01\n\tb\n").message, "a:  28P01; b");
}

TEST(Sqlstate, AnErrorQuotesTheServerButNotWhatItSaysOfARow) {
  EXPECT_THAT(ErrorOf({.sqlstate = "53300", .message = "sorry, too many clients", .constraint = "", .column = ""}, "db")
                  .message(),
              testing::AllOf(HasSubstr("db: sorry"), HasSubstr("53300"), HasSubstr("PgBouncer")));
  EXPECT_THAT(ErrorOf({.sqlstate = "P0001", .message = "asha did it", .constraint = "", .column = ""}, "db").message(),
              Not(HasSubstr("asha")));
}

}  // namespace
}  // namespace audit::store::postgres
