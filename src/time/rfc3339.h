// RFC 3339 text, in and out (contract, section 2, `time`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "time/unix_micros.h"

namespace audit::time {

// Accepts `Z`, `z` or `±hh:mm`; `T`, `t` or a space; any number of fraction digits, those past the
// sixth cut off. nullopt: not such a time, not a day of the calendar, or outside the years 0001 to
// 9999 once it is in UTC. A leap second (`:60`) is taken where RFC 3339 has one, at 23:59:60 UTC,
// and becomes the first second of the next day, as POSIX time has no other place for it.
[[nodiscard]] std::optional<UnixMicros> ParseRfc3339(std::string_view text);

// "2026-04-23T10:00:00.000000Z": always UTC, always six fraction digits, so that it sorts by time.
// Both take the years 0001 to 9999; a time outside them is shown as the nearest one inside.
[[nodiscard]] std::string FormatMicros(UnixMicros when);
// "2026-04-23T10:00:00.000Z".
[[nodiscard]] std::string FormatMillis(UnixMicros when);

}  // namespace audit::time
