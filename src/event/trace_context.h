// The W3C trace context of an event.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace audit::event {

using TraceId = std::array<char, 32>;

// The trace id of a `traceparent`, its hex digits in lower case. nullopt: malformed, or an id of zeros
// (https://www.w3.org/TR/trace-context/, 3.2). Hex digits in upper case, which the recommendation
// forbids, are taken: the id still leads investigators to the right trace.
[[nodiscard]] std::optional<TraceId> ParseTraceparent(std::string_view traceparent);

// What an event may take over of a request's `traceparent`: the fields that this version knows, hex digits
// and dashes only. Empty where it is malformed.
[[nodiscard]] std::string_view KnownPartOf(std::string_view traceparent);

}  // namespace audit::event
