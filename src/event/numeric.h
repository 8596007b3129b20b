// Which JSON numbers PostgreSQL's `numeric`, and so its `jsonb`, can hold.
#pragma once

#include <string_view>

namespace audit::event {

// The parts of a number that satisfies JSON's grammar; all of them digits.
struct NumberParts {
  std::string_view integer;
  std::string_view fraction;
  std::string_view exponent;
  bool exponent_negative = false;
};

// At most 131,072 digits before the decimal point and 16,383 after it, once the exponent is applied.
// As PostgreSQL counts: zeros in front do not count, zeros at the end do, and an exponent of 2^30 - 1
// or more is refused whatever the digits are.
[[nodiscard]] bool FitsNumericSlow(const NumberParts& parts);

[[nodiscard]] inline bool FitsNumeric(const NumberParts& parts) {
  constexpr std::size_t kShort = 16'383;
  if (parts.exponent.empty() && parts.integer.size() <= kShort && parts.fraction.size() <= kShort) [[likely]] {
    return true;
  }
  return FitsNumericSlow(parts);
}

}  // namespace audit::event
