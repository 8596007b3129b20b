// Which form of events a Content-Type announces (contract, section 1, "Accepted media types").
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace audit::api {

enum class BodyForm : std::uint8_t {
  kStructured,   // one event, or {"events": [...]}: which one, the path says
  kBatch,        // a JSON array of events
  kBinary,       // attributes in ce- headers, the body is `data`
  kUnsupported,  // 415
  kCharset,      // 415: JSON, but not in UTF-8
};

// `content_type` as sent, or nothing where there was none. `has_ce_headers`: a ce-specversion header
// came with it. CloudEvents' HTTP binding tells the modes apart by the application/cloudevents
// types alone, so plain application/json, too, is binary mode when ce- headers come with it; nobody
// who sends a whole event in the body adds them.
[[nodiscard]] BodyForm FormOf(std::optional<std::string_view> content_type, bool has_ce_headers);

}  // namespace audit::api
