// Text into JSON.
#pragma once

#include <string>
#include <string_view>

namespace audit::api {

// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void AppendQuoted(std::string& out, std::string_view text);

}  // namespace audit::api
