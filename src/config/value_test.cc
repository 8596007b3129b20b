#include "config/value.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace audit::config {
namespace {

TEST(ParseInteger, TakesDigitsAndAMinusAlone) {
  EXPECT_EQ(ParseInteger("0"), 0);
  EXPECT_EQ(ParseInteger("-5"), -5);
  for (const char* text : {"", " 1", "1 ", "1.0", "0x10", "1e3", "1_000", "9223372036854775808", "+1"}) {
    EXPECT_EQ(ParseInteger(text), std::nullopt) << text;
  }
}

TEST(ParseSize, UnderstandsBinaryAndDecimalUnits) {
  EXPECT_EQ(ParseSize("900000"), 900'000U);
  EXPECT_EQ(ParseSize("16KiB"), 16U << 10U);
  EXPECT_EQ(ParseSize("64 MiB"), 64U << 20U);
  EXPECT_EQ(ParseSize("8GiB"), 8ULL << 30U);
  EXPECT_EQ(ParseSize("2 TiB"), 2ULL << 40U);
  EXPECT_EQ(ParseSize("5kB"), 5'000U);
  EXPECT_EQ(ParseSize("5MB"), 5'000'000U);
  EXPECT_EQ(ParseSize("5 GB"), 5'000'000'000U);
}

TEST(ParseSize, RefusesWhatCouldMeanTwoThings) {
  for (const char* text : {"", "MiB", "1.5MiB", "16M", "16mb", "16  MiB", "-1", "16 MiB ", "16777216TiB"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(PrintSize, IsReadBackExactly) {
  EXPECT_EQ(PrintSize(64U << 20U), "64 MiB");
  EXPECT_EQ(PrintSize(900'000), "900000");
  EXPECT_EQ(PrintSize(0), "0");
  EXPECT_EQ(PrintSize(1536U << 10U), "1536 KiB");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 524'288ULL, 1ULL << 40U, ~0ULL}) {
    EXPECT_EQ(ParseSize(PrintSize(bytes)), bytes);
  }
}

TEST(ParseSwitch, TakesTheWordsThatPydanticTakes) {
  for (const char* text : {"true", "True", "YES", "on", "1"}) EXPECT_EQ(ParseSwitch(text), true) << text;
  for (const char* text : {"false", "FALSE", "no", "off", "0"}) EXPECT_EQ(ParseSwitch(text), false) << text;
  EXPECT_EQ(ParseSwitch("2"), std::nullopt);
}

TEST(Quoted, IsOneShortLine) {
  EXPECT_EQ(Quoted("a\nb\x1b[2J"), "\"a?b?[2J\"");
  EXPECT_EQ(Quoted(std::string(200, 'x')), '"' + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace audit::config
