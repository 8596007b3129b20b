#include "kafka/holes.h"

#include <algorithm>

namespace audit::kafka {

std::optional<Hole> FindHole(std::int32_t partition, std::int64_t expected, std::int64_t found, Watermarks now,
                             bool resets_to_end) {
  if (found > expected) {
    const std::int64_t gone = std::min(now.low, found);
    if (gone > expected) {
      return Hole{.partition = partition, .first = expected, .last = gone - 1, .cause = "deleted before it was read"};
    }
    if (resets_to_end) {
      return Hole{.partition = partition,
                  .first = expected,
                  .last = found - 1,
                  .cause = "passed over: the offset was out of range and auto_offset_reset is latest"};
    }
    return std::nullopt;
  }
  // Going back is reading again, unless the log ends before what was read of it.
  if (found < expected && now.high < expected) {
    return Hole{.partition = partition,
                .first = now.high,
                .last = expected - 1,
                .cause = "the log ends before what was committed: truncated, or the topic was made anew"};
  }
  return std::nullopt;
}

}  // namespace audit::kafka
