// UUIDs, version 7 (RFC 9562, 5.7), for events that came without an id.
#pragma once

#include <array>
#include <cstdint>

#include "time/unix_micros.h"

namespace audit::event {

using UuidText = std::array<char, 36>;

// In lower case, with dashes. Sorts by `now` to the millisecond; 74 of the 128 given bits make it unique.
[[nodiscard]] UuidText MakeUuidV7(time::UnixMicros now, std::uint64_t random_high, std::uint64_t random_low);

}  // namespace audit::event
