// RFC 3339 text, in and out (contract, section 2, `time`).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "time/unix_micros.h"

namespace audit::time {

// Accepts `Z`, `z` or `±hh:mm`; `T`, `t` or a space; any number of fraction digits, those past the
// sixth cut off. nullopt: not such a time, or not a day of the calendar.
[[nodiscard]] std::optional<UnixMicros> ParseRfc3339(std::string_view text);

// "2026-04-23T10:00:00.000000Z": always UTC, always six fraction digits, so that it sorts by time.
[[nodiscard]] std::string FormatMicros(UnixMicros when);
// "2026-04-23T10:00:00.000Z".
[[nodiscard]] std::string FormatMillis(UnixMicros when);

}  // namespace audit::time
