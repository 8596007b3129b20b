// The characters of JSON strings: escapes undone, and put in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace audit::event {

// The most bytes that an escape takes for one byte of text: \u0041.
inline constexpr std::size_t kMaxEscapeBytes = 6;

// Undoes the escapes of a string that JsonCursor has passed, its quotes left out. Writes at most
// inner.size() bytes to `out` and returns how many. Half a surrogate pair becomes U+FFFD.
std::size_t Unescape(std::string_view inner, char* out);

// Appends `text` (UTF-8) as a JSON string, in quotes.
void AppendQuoted(std::string_view text, std::string* out);

}  // namespace audit::event
