// A binary-mode event as structured JSON (CloudEvents 1.0, JSON format). How attributes are decoded
// from headers is binary_mode.h.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "event/parser.h"
#include "event/violations.h"

namespace audit::event {

// False, and reported as malformed headers: names that no attribute may have, `data`, and one name twice.
bool CheckAttributes(std::span<const Parser::Attribute> attributes, Violations* violations);

// Writes the event to `out`, kPadding bytes after it included: the attributes as strings, then the
// bytes of `data` as they are, unless they are all white space: then the event has no data. Returns
// where `data` stands in `out`, empty if it was left out.
[[nodiscard]] std::string_view Compose(std::span<const Parser::Attribute> attributes, std::string_view data,
                                       std::string* out);

}  // namespace audit::event
