// The one type for a point in time that is stored or shown.
#pragma once

#include <compare>
#include <cstdint>

namespace audit::time {

// Microseconds since 1970-01-01T00:00:00Z, the resolution of everything that is stored.
struct UnixMicros {
  std::int64_t value = 0;
  auto operator<=>(const UnixMicros&) const = default;
};

inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;

}  // namespace audit::time
