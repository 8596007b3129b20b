#include "cli/time_argument.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "time/rfc3339.h"

namespace audit::cli {
namespace {

constexpr time::UnixMicros kNow{1'795'514'400'000'000};  // 2026-11-24T10:00:00Z

std::string Parsed(std::string_view text) {
  const Result<time::UnixMicros> time = ParseTimeArgument(text, kNow);
  return time.ok() ? time::FormatMicros(*time) : "error";
}

TEST(TimeArgument, IsATimeADayOrHowLongAgo) {
  EXPECT_EQ(Parsed("2026-11-23T12:30:00.5+02:00"), "2026-11-23T10:30:00.500000Z");
  EXPECT_EQ(Parsed("2026-11-23"), "2026-11-23T00:00:00.000000Z");
  EXPECT_EQ(Parsed("90s"), "2026-11-24T09:58:30.000000Z");
  EXPECT_EQ(Parsed("30m"), "2026-11-24T09:30:00.000000Z");
  EXPECT_EQ(Parsed("24h"), "2026-11-23T10:00:00.000000Z");
  EXPECT_EQ(Parsed("7d"), "2026-11-17T10:00:00.000000Z");
  EXPECT_EQ(Parsed("2w"), "2026-11-10T10:00:00.000000Z");
  EXPECT_EQ(Parsed("0s"), "2026-11-24T10:00:00.000000Z");
}

TEST(TimeArgument, AnythingElseIsRefusedWithExamples) {
  for (const char* text :
       {"", "yesterday", "24", "h", "-1h", "1.5h", "24 h", "2026-02-30", "24:00", "99999999999d", "1y"}) {
    EXPECT_EQ(Parsed(text), "error") << text;
  }
  EXPECT_THAT(ParseTimeArgument("x", kNow).error().message(), testing::HasSubstr("24h, 7d"));
  EXPECT_EQ(ParseTimeArgument("x", kNow).error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace audit::cli
