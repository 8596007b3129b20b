// The rules of section 2 of the contract for the fields that one scanned event has.
#pragma once

#include <memory_resource>

#include "event/event_scanner.h"
#include "event/parser.h"
#include "event/record.h"
#include "event/violations.h"

namespace audit::event {

// Adds every broken rule to `violations` and fills what it can into `record`, all but `details` and
// `trace_id`. Strings whose escapes had to be undone are put into `memory`.
//
// With a `window`, for an event on its way in: `time` must lie within it and an absent one is its
// `now`; an absent `id` is left empty. With null, for an event that was stored: it must have both.
void CheckRules(const ScannedEvent& event, const TimeWindow* window, std::pmr::memory_resource& memory,
                Violations* violations, Record* record);

// The trace id in `event`, put into `memory`. nullopt: none, or not a valid `traceparent`.
[[nodiscard]] std::optional<std::string_view> TraceIdOf(const ScannedEvent& event, std::pmr::memory_resource& memory);

}  // namespace audit::event
