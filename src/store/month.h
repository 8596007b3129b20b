// A calendar month in UTC, the unit of partitions and of retention (contract, section 5).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "time/unix_micros.h"

namespace audit::store {

struct Month {
  int year = 1970;
  int month = 1;  // 1 to 12
  auto operator<=>(const Month&) const = default;

  [[nodiscard]] static Month Of(time::UnixMicros time);
  // Exactly "YYYY_MM"; anything else is not a month.
  [[nodiscard]] static std::optional<Month> Parse(std::string_view text);
  [[nodiscard]] std::string ToString() const;  // "2026_11"
  [[nodiscard]] Month Plus(int months) const;
  [[nodiscard]] time::UnixMicros begin() const;  // its first microsecond
};

// The oldest month that retention keeps at `now`; nullopt: every month is kept (0).
[[nodiscard]] std::optional<Month> OldestKept(time::UnixMicros now, int retention_months);

}  // namespace audit::store
