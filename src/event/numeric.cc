#include "event/numeric.h"

#include <cstddef>
#include <cstdint>

namespace audit::event {
namespace {

constexpr std::int64_t kMaxDigitsBeforePoint = 131'072;
constexpr std::int64_t kMaxDigitsAfterPoint = 16'383;
constexpr std::int64_t kMaxExponent = (std::int64_t{1} << 30) - 2;

// Stops counting where it is too large anyway, so that no length of exponent overflows.
std::int64_t ExponentOf(const NumberParts& parts) {
  std::int64_t exponent = 0;
  for (const char c : parts.exponent) {
    exponent = exponent * 10 + (c - '0');
    if (exponent > kMaxExponent) break;
  }
  return parts.exponent_negative ? -exponent : exponent;
}

// Digits before the point of what is written, counted from the first that is not zero; at most 0 when that
// one comes after the point. Zero itself has none.
std::int64_t DigitsBeforePoint(const NumberParts& parts, bool* zero) {
  *zero = false;
  if (const std::size_t at = parts.integer.find_first_not_of('0'); at != std::string_view::npos) {
    return static_cast<std::int64_t>(parts.integer.size() - at);
  }
  if (const std::size_t at = parts.fraction.find_first_not_of('0'); at != std::string_view::npos) {
    return -static_cast<std::int64_t>(at);
  }
  *zero = true;
  return 0;
}

}  // namespace

bool FitsNumericSlow(const NumberParts& parts) {
  const std::int64_t exponent = ExponentOf(parts);
  if (exponent > kMaxExponent || exponent < -kMaxExponent) return false;
  if (static_cast<std::int64_t>(parts.fraction.size()) - exponent > kMaxDigitsAfterPoint) return false;
  bool zero = false;
  const std::int64_t before_point = DigitsBeforePoint(parts, &zero);
  return zero || before_point + exponent <= kMaxDigitsBeforePoint;
}

}  // namespace audit::event
