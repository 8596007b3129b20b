// Puts into an event what it came without: `specversion`, `id` and `time` (contract, section 2), and the
// `traceparent` of the request that brought it.
#pragma once

#include <functional>
#include <memory_resource>
#include <string_view>

#include "event/event_scanner.h"
#include "event/record.h"
#include "time/unix_micros.h"

namespace audit::event {

struct Completing {
  time::UnixMicros now;
  const std::function<std::uint64_t()>& random;
  std::string_view traceparent;  // empty: the request has none. Nothing in it needs an escape
};

// The event with all of them, in `memory`; the caller's own bytes when nothing was missing. An explicit
// null is replaced where it stands, so that no key occurs twice; what is absent is put in front. The
// time is that of `record`; an id is made from `now` and `random`, and set in `record`.
[[nodiscard]] std::string_view Complete(const ScannedEvent& event, const Completing& with,
                                        std::pmr::memory_resource& memory, Record* record);

}  // namespace audit::event
