#include "cli/time_argument.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "time/rfc3339.h"

namespace audit::cli {
namespace {

std::int64_t SecondsOf(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3'600;
    case 'd': return 86'400;
    case 'w': return 604'800;
    default: return 0;
  }
}

}  // namespace

Result<time::UnixMicros> ParseTimeArgument(std::string_view text, time::UnixMicros now) {
  if (const auto time = time::ParseRfc3339(text)) return *time;
  if (const auto day = time::ParseRfc3339(std::string(text) + "T00:00:00Z")) return *day;
  std::uint32_t count = 0;
  const char* const first = text.data();
  const char* const last = first + text.size();
  const auto [end, error] = std::from_chars(first, last, count);
  if (error == std::errc() && end + 1 == last && SecondsOf(*end) != 0) {
    return time::UnixMicros{now.value - count * SecondsOf(*end) * time::kMicrosPerSecond};
  }
  return Error(ErrorCode::kInvalidArgument,
               "not a point in time: " + std::string(text) +
                   ": give 2026-11-24T10:00:00Z, a day as 2026-11-24, or how long ago as 90s, 30m, 24h, 7d or 2w");
}

}  // namespace audit::cli
