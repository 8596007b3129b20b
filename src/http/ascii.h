// Characters as the grammar of HTTP classes them, whatever the locale.
#pragma once

#include <string_view>

namespace audit::http {

[[nodiscard]] constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

[[nodiscard]] constexpr bool IsAlphaNumeric(char c) {
  return (Lower(c) >= 'a' && Lower(c) <= 'z') || (c >= '0' && c <= '9');
}

// RFC 9110, section 5.6.2
[[nodiscard]] constexpr bool IsToken(char c) {
  return IsAlphaNumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// What a field value may not hold (RFC 9110, section 5.5); a tab it may.
[[nodiscard]] constexpr bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

}  // namespace audit::http
