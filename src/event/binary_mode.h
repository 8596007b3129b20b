// `ce-` headers of CloudEvents binary mode: percent-decoding and the rules for names (CloudEvents
// HTTP protocol binding 1.0, section 3.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace audit::event {

// The value of one ce- header, percent-decoded. nullopt: a malformed escape, or not UTF-8 after
// decoding. A value within double quotes is unquoted first, as the binding asks of receivers.
[[nodiscard]] std::optional<std::string> DecodeHeaderValue(std::string_view value);

// True for names an attribute may have: lower-case letters and digits, at least one.
[[nodiscard]] bool IsAttributeName(std::string_view name);

}  // namespace audit::event
