#include "time/rfc3339.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace audit::time {
namespace {

struct Accepted {
  std::string_view text;
  std::string_view utc;  // as FormatMicros shows it
};

TEST(Rfc3339, ReadsEverySpellingOfTheContract) {
  constexpr std::array kCases = {
      Accepted{"2026-04-23T10:00:00Z", "2026-04-23T10:00:00.000000Z"},
      Accepted{"2026-04-23t10:00:00z", "2026-04-23T10:00:00.000000Z"},
      Accepted{"2026-04-23 10:00:00z", "2026-04-23T10:00:00.000000Z"},
      Accepted{"2026-04-23T10:00:00+05:30", "2026-04-23T04:30:00.000000Z"},
      Accepted{"2026-04-23T10:00:00-08:00", "2026-04-23T18:00:00.000000Z"},
      Accepted{"2026-04-23T00:30:00+23:59", "2026-04-22T00:31:00.000000Z"},
      Accepted{"2026-04-23T10:00:00-00:00", "2026-04-23T10:00:00.000000Z"},
      Accepted{"2026-04-23T10:00:00.5Z", "2026-04-23T10:00:00.500000Z"},
      Accepted{"2026-04-23T10:00:00.123456Z", "2026-04-23T10:00:00.123456Z"},
      Accepted{"2026-04-23T10:00:00.12345699999999999999999Z", "2026-04-23T10:00:00.123456Z"},
      Accepted{"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"},
      Accepted{"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z"},
      Accepted{"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
      Accepted{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
      Accepted{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& [text, utc] : kCases) {
    const auto when = ParseRfc3339(text);
    ASSERT_TRUE(when) << text;
    EXPECT_EQ(FormatMicros(*when), utc) << text;
  }
}

TEST(Rfc3339, ALeapSecondBecomesTheFirstSecondOfTheNextDay) {
  constexpr std::array kCases = {
      Accepted{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
      Accepted{"2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250000Z"},
      Accepted{"1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000000Z"},
      Accepted{"2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00.000000Z"},
  };
  for (const auto& [text, utc] : kCases) {
    const auto when = ParseRfc3339(text);
    ASSERT_TRUE(when) << text;
    EXPECT_EQ(FormatMicros(*when), utc) << text;
  }
}

TEST(Rfc3339, RefusesWhatIsNoSuchTime) {
  constexpr std::string_view kCases[] = {
      "",
      "2026",
      "2026-04-23",
      "2026-04-23T10:00:00",
      "2026-04-23T10:00Z",
      "2026-04-23T10:00:00Z ",
      " 2026-04-23T10:00:00Z",
      "2026-04-23T10:00:00ZZ",
      "2026-04-23_10:00:00Z",
      "2026/04/23T10:00:00Z",
      "26-04-23T10:00:00Z",
      "+026-04-23T10:00:00Z",
      "2026-4-23T10:00:00Z",
      "2026-04-23T10:00:00.Z",
      "2026-04-23T10:00:00,5Z",
      "2026-04-23T10:00:00+0530",
      "2026-04-23T10:00:00+05",
      "2026-04-23T10:00:00+05:3",
      "2026-04-23T10:00:00+24:00",
      "2026-04-23T10:00:00+05:60",
      "2026-04-23T10:00:00 +05:30",
      "2026-00-23T10:00:00Z",
      "2026-13-23T10:00:00Z",
      "2026-04-00T10:00:00Z",
      "2026-04-31T10:00:00Z",
      "2026-02-29T10:00:00Z",
      "1900-02-29T10:00:00Z",
      "2026-04-23T24:00:00Z",
      "2026-04-23T10:60:00Z",
      "2026-04-23T10:00:61Z",
      "2026-04-23T10:00:60Z",
      "2016-12-31T23:59:60+01:00",
      "0000-12-31T23:59:59Z",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
      "9999-12-31T23:59:60Z",
      "10000-01-01T00:00:00Z",
      "1776938400",
      "now",
  };
  for (const auto text : kCases) EXPECT_FALSE(ParseRfc3339(text)) << text;
}

TEST(Rfc3339, RefusesWhatEndsAnywhereTooEarly) {
  constexpr std::string_view kWhole = "2026-04-23T10:00:00.5+05:30";
  for (std::size_t size = 0; size < kWhole.size(); ++size) {
    EXPECT_FALSE(ParseRfc3339(kWhole.substr(0, size))) << kWhole.substr(0, size);
  }
}

TEST(Rfc3339, CountsFromTheEpoch) {
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00Z")->value, 0);
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00.000001Z")->value, 1);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:59:59Z")->value, -kMicrosPerSecond);
  EXPECT_EQ(ParseRfc3339("2026-04-23T10:00:00Z")->value, 1'776'938'400 * kMicrosPerSecond);
}

TEST(Rfc3339, EveryDayOfTheCalendarComesBackAsItWent) {
  constexpr std::int64_t kDay = 86'400 * kMicrosPerSecond;
  const std::int64_t first = ParseRfc3339("0001-01-01T00:00:00Z")->value;
  const std::int64_t last = ParseRfc3339("9999-12-31T00:00:00Z")->value;
  std::string before;
  for (std::int64_t when = first; when <= last; when += kDay) {
    const std::string text = FormatMicros({when + 86'399'123'456});
    ASSERT_EQ(ParseRfc3339(text), (UnixMicros{when + 86'399'123'456})) << text;
    ASSERT_LT(before, text);
    before = text;
  }
  EXPECT_EQ((last - first) / kDay, 3'652'058);
}

TEST(Rfc3339, FormatsMillisCutOffAndAlwaysThreeDigits) {
  EXPECT_EQ(FormatMillis({1'776'938'400 * kMicrosPerSecond}), "2026-04-23T10:00:00.000Z");
  EXPECT_EQ(FormatMillis({1'776'938'400 * kMicrosPerSecond + 1'999}), "2026-04-23T10:00:00.001Z");
  EXPECT_EQ(FormatMillis({-1}), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ShowsTheNearestYearItKnowsForTimesOutsideTheCalendar) {
  EXPECT_EQ(FormatMicros({INT64_MAX}), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatMicros({INT64_MIN}), "0001-01-01T00:00:00.000000Z");
}

}  // namespace
}  // namespace audit::time
