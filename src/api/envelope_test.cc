#include "api/envelope.h"

#include <gtest/gtest.h>

#include <array>

namespace audit::api {
namespace {

constexpr time::UnixMicros kNow{1'776'938'400'123'456};  // 2026-04-23T10:00:00.123456Z

TEST(Envelope, SuccessCarriesTheResponseAndNoErrors) {
  Envelope envelope("openg2p.auditmanager", "1.0");
  EXPECT_EQ(envelope.Success(R"({"status":"UP"})", kNow),
            R"({"id":"openg2p.auditmanager","version":"1.0","responsetime":"2026-04-23T10:00:00.123Z",)"
            R"("response":{"status":"UP"},"errors":[]})");
}

TEST(Envelope, RefusalWithoutViolationsSaysTheProblem) {
  Envelope envelope("s", "1.0");
  EXPECT_EQ(envelope.Refusal(problems::kStarting, {}, kNow),
            R"({"id":"s","version":"1.0","responsetime":"2026-04-23T10:00:00.123Z","response":null,)"
            R"("errors":[{"errorCode":"AUD-005","message":"startup is not complete; try again shortly"}]})");
}

TEST(Envelope, EveryViolationIsAnEntryWithItsPath) {
  Envelope envelope("s", "1.0");
  const std::array violations{event::Violation{"data.outcome", "is \"bad\""}, event::Violation{"", "no path"}};
  EXPECT_EQ(envelope.Refusal(ProblemOf(event::Refusal::kInvalid), violations, kNow),
            R"({"id":"s","version":"1.0","responsetime":"2026-04-23T10:00:00.123Z","response":null,"errors":[)"
            R"({"errorCode":"AUD-002","message":"is \"bad\"","path":"data.outcome"},)"
            R"({"errorCode":"AUD-002","message":"no path"}]})");
}

TEST(Envelope, ResponseTimeFollowsTheClockMillisecondByMillisecond) {
  Envelope envelope("s", "1.0");
  EXPECT_NE(envelope.Success("{}", kNow).find("00.123Z"), std::string_view::npos);
  EXPECT_NE(envelope.Success("{}", {kNow.value + 500}).find("00.123Z"), std::string_view::npos);
  EXPECT_NE(envelope.Success("{}", {kNow.value + 1'000}).find("00.124Z"), std::string_view::npos);
}

TEST(Envelope, NamesFromTheConfigurationAreEscaped) {
  Envelope envelope("a\"b", "1\n");
  EXPECT_TRUE(envelope.Success("1", kNow).starts_with(R"({"id":"a\"b","version":"1\u000a","responsetime":)"));
}

}  // namespace
}  // namespace audit::api
