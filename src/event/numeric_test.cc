#include "event/numeric.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace audit::event {
namespace {

// Splits text that satisfies JSON's grammar.
NumberParts PartsOf(std::string_view text) {
  NumberParts parts;
  if (text.starts_with('-')) text.remove_prefix(1);
  if (const std::size_t at = text.find_first_of("eE"); at != std::string_view::npos) {
    parts.exponent = text.substr(at + 1);
    text = text.substr(0, at);
    parts.exponent_negative = parts.exponent.starts_with('-');
    if (parts.exponent.starts_with('-') || parts.exponent.starts_with('+')) parts.exponent.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  parts.integer = text.substr(0, point);
  if (point != std::string_view::npos) parts.fraction = text.substr(point + 1);
  return parts;
}

std::string Zeros(std::size_t count) { return std::string(count, '0'); }

// Every line is what PostgreSQL 15 answers for '{"a": NUMBER}'::jsonb.
TEST(Numeric, DrawsTheLineWherePostgresDoes) {
  const struct {
    std::string number;
    bool fits;
  } kCases[] = {
      {"0", true},
      {"-17.250", true},
      {"1e6", true},
      {"1E+6", true},
      {"1e-6", true},
      {std::string(131'072, '9'), true},
      {std::string(131'073, '9'), false},
      {"-" + std::string(131'072, '9'), true},
      {"0." + std::string(16'383, '1'), true},
      {"0." + std::string(16'384, '1'), false},
      {"1." + Zeros(16'384), false},
      {"1e131071", true},
      {"1e131072", false},
      {"-1e131071", true},
      {"-1e131072", false},
      {"9.9e131071", true},
      {"10e131071", false},
      {"0.1e131072", true},
      {"0.1e131073", false},
      {"0.001e131074", true},
      {"0.001e131075", false},
      {"1e-16383", true},
      {"1e-16384", false},
      {"1.5e-16382", true},
      {"1.5e-16383", false},
      {"0e200000", true},
      {"0.0e1", true},
      {"0e1073741822", true},
      {"0e1073741823", false},
      {"0e-16383", true},
      {"0e-16384", false},
      {"0e-1073741822", false},
      {"0." + std::string(20'000, '1') + "e3617", true},
      {"0." + std::string(20'000, '1') + "e3616", false},
      {"0." + Zeros(20'000) + "1e20000", true},
      {"0." + Zeros(20'000) + "1e3617", false},
      {"0." + Zeros(140'000) + "1e140001", true},
      {"1" + Zeros(140'000) + "e-140000", false},
      {"1" + Zeros(140'000) + "e-8929", true},
      {"1" + Zeros(140'000) + "e-8928", false},
      {"1" + Zeros(131'072) + "e-1", true},
  };
  for (const auto& [number, fits] : kCases) {
    EXPECT_EQ(FitsNumeric(PartsOf(number)), fits) << number.substr(0, 40) << " of " << number.size() << " bytes";
  }
}

TEST(Numeric, NoLengthOfExponentOverflows) {
  for (const std::string_view digits : {"9223372036854775807", "9223372036854775808", "18446744073709551616"}) {
    EXPECT_FALSE(FitsNumeric(PartsOf(std::string("1e").append(digits))));
    EXPECT_FALSE(FitsNumeric(PartsOf(std::string("1e-").append(digits))));
  }
  EXPECT_FALSE(FitsNumeric(PartsOf("1e" + std::string(100'000, '9'))));
  EXPECT_TRUE(FitsNumeric(PartsOf("1e" + Zeros(100'000) + "5")));
}

}  // namespace
}  // namespace audit::event
