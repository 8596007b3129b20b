// Tells a hole in a partition from a gap that loses nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "kafka/source_observer.h"

namespace audit::kafka {

// What a partition holds: offsets [low, high).
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

// The event at `found` came where the one at `expected` should have. Gaps inside the log are no
// holes: markers of transactions and compaction leave them. With `resets_to_end` (auto_offset_reset:
// latest) they are, because the consumer may have jumped over events that are there.
// Not seen: a topic made anew that already holds more than was committed of the old one.
[[nodiscard]] std::optional<Hole> FindHole(std::int32_t partition, std::int64_t expected, std::int64_t found,
                                           Watermarks now, bool resets_to_end);

}  // namespace audit::kafka
