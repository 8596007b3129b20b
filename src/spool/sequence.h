// The number of a record in the spool: 1 for the first ever written, one more for each next, never
// used twice in the life of a spool directory.
#pragma once

#include <compare>
#include <cstdint>

namespace audit::spool {

struct Sequence {
  std::uint64_t value = 0;  // 0: before the first
  auto operator<=>(const Sequence&) const = default;
};

}  // namespace audit::spool
