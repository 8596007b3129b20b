#include "preflight/preflight.h"

#include "preflight/judgement_test_support.h"

namespace audit::preflight {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;

constexpr std::chrono::milliseconds kTimeout{300};

TEST(PreflightTest, AConfigurationThatIsWrongIsTheOnlyFinding) {
  const Report report =
      Inspect(config::Load({{"AUDIT_MANAGER__HTTP__PORT", "many"}}, std::nullopt, {}), Expectations{}, kTimeout);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].verdict, Verdict::kError);
  EXPECT_NE(report.findings[0].found.find("many"), std::string::npos);
}

TEST(PreflightTest, WhatTheStartWouldWarnAboutIsAWarningEach) {
  auto loaded = config::Load({{"UVICORN_PORT", "8000"},
                              {"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS", "k:1"},
                              {"AUDIT_MANAGER__KAFKA__PRODUCER__ACKS", "1"}},
                             std::nullopt, {});
  EXPECT_EQ(Complaints(JudgeConfiguration(loaded)).size(), 2U);
}

TEST(PreflightTest, OneAreaThatFailsDoesNotStopTheOthers) {
  auto loaded = config::Load({{"DB_HOST", "127.0.0.1"},
                              {"DB_PORT", "1"},
                              {"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1"},
                              {"AUDIT_MANAGER__HTTP__PORT", "0"},
                              {"AUDIT_MANAGER__DATA_DIR", testing::TempDir()}},
                             std::nullopt, {});
  const Report report = Inspect(loaded, Expectations{}, kTimeout);
  EXPECT_FALSE(report.abandoned);
  std::vector<std::string> errors;
  for (const Finding& each : report.findings) {
    if (each.verdict == Verdict::kError) errors.push_back(each.area + ' ' + each.check);
  }
  EXPECT_THAT(errors, ElementsAre("kafka broker 127.0.0.1:1", "postgres server"));
  EXPECT_EQ(std::ranges::count(report.findings, std::string("disk"), &Finding::area), 4);
  EXPECT_EQ(std::ranges::count(report.findings, std::string("machine"), &Finding::area), 4);
}

TEST(PreflightTest, TheEmbeddedBackEndsNeedNoServer) {
  const Report report = Inspect(config::Load({}, std::nullopt, {{"http.port", "0"}}), Expectations{}, kTimeout);
  std::vector<Finding> skipped;
  for (const Finding& each : report.findings) {
    if (each.area == "kafka" || each.area == "postgres") skipped.push_back(each);
  }
  EXPECT_EQ(skipped.size(), 2U);
  EXPECT_THAT(skipped, Each(Field(&Finding::verdict, Verdict::kSkipped)));
}

}  // namespace
}  // namespace audit::preflight
