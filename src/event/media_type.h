// Media types, as far as `datacontenttype` asks for them.
#pragma once

#include <string_view>

namespace audit::event {

// True for media types whose content is JSON: subtype `json` or ending in `+json`, whatever the
// case and the parameters (CloudEvents JSON format 1.0, section 3.1).
[[nodiscard]] bool IsJsonMediaType(std::string_view media_type);

}  // namespace audit::event
