#include "telemetry/log_line.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace audit::telemetry {
namespace {

TEST(JsonMembers, FieldsAreFlatAndKeepTheirTypes) {
  const std::array fields{LogField{"took_ms", std::int64_t{-3}},
                          LogField{"bytes", std::uint64_t{18446744073709551615U}}, LogField{"ratio", 0.5},
                          LogField{"ok", true}, LogField{"file", std::string_view("a b")}};
  EXPECT_EQ(JsonMembers(LogLevel::kInfo, "Done", fields),
            R"("level":"info","message":"Done","took_ms":-3,"bytes":18446744073709551615,"ratio":0.5,"ok":true,)"
            R"("file":"a b")");
}

TEST(JsonMembers, WhatJsonForbidsIsEscaped) {
  EXPECT_EQ(JsonMembers(LogLevel::kWarn, "a\"b\\c\nd\te\x01", {}),
            R"("level":"warn","message":"a\"b\\c\nd\u0009e\u0001")");
  EXPECT_EQ(JsonMembers(LogLevel::kWarn, std::string_view("a\0b", 3), {}), R"("level":"warn","message":"a\u0000b")");
}

TEST(JsonMembers, NumbersThatJsonCannotHoldAreNull) {
  const std::array fields{LogField{"a", std::numeric_limits<double>::infinity()},
                          LogField{"b", std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_EQ(JsonMembers(LogLevel::kError, "x", fields), R"("level":"error","message":"x","a":null,"b":null)");
}

TEST(JsonMembers, ValidUtf8PassesAndEveryInvalidByteIsReplaced) {
  const auto message = [](std::string_view text) {
    const std::string members = JsonMembers(LogLevel::kInfo, text, {});
    constexpr std::string_view kBefore = R"("level":"info","message":")";
    return members.substr(kBefore.size(), members.size() - kBefore.size() - 1);
  };
  constexpr std::string_view kOne = "\xEF\xBF\xBD";
  const std::string two = std::string(kOne) + std::string(kOne);
  EXPECT_EQ(message("é €😀"), "é €😀");
  EXPECT_EQ(message("a\xFF"
                    "b"),
            "a" + std::string(kOne) + "b");
  EXPECT_EQ(message("\xC3"), kOne) << "cut off";
  EXPECT_EQ(message("\xC0\xAF"), two) << "overlong";
  EXPECT_EQ(message("\xED\xA0\x80"), two + std::string(kOne)) << "surrogate";
  EXPECT_EQ(message("\xF4\x90\x80\x80"), two + two) << "past U+10FFFF";
  EXPECT_EQ(message("\xE2\x82"
                    "a"),
            two + "a")
      << "continuation missing";
}

TEST(TextLine, ValuesThatCouldBeMisreadAreQuoted) {
  const std::array fields{LogField{"file", std::string_view("data/spool/1.seg")},
                          LogField{"why", std::string_view("no room")}, LogField{"none", std::string_view("")},
                          LogField{"took_ms", std::int64_t{12}}};
  EXPECT_EQ(TextLine(LogLevel::kWarn, "Spool is full", fields, false),
            R"(warn  Spool is full file=data/spool/1.seg why="no room" none="" took_ms=12)");
}

TEST(TextLine, NoValueCanStartALineOrCommandTheTerminal) {
  const std::array fields{LogField{"id", std::string_view("a\nerror forged\x1b[2J")}};
  EXPECT_EQ(TextLine(LogLevel::kInfo, "Refused\r", fields, false),
            R"(info  Refused\u000d id="a\nerror forged\u001b[2J")");
}

TEST(TextLine, OnlyTheLevelIsColoured) {
  EXPECT_EQ(TextLine(LogLevel::kError, "x", {}, true), "\x1b[31merror\x1b[0m x");
}

}  // namespace
}  // namespace audit::telemetry
