#include "event/binary_mode.h"

#include <simdjson.h>

#include <algorithm>

namespace audit::event {
namespace {

std::optional<unsigned> HexDigit(char c) {
  const char lower = static_cast<char>(c | 0x20);
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

// The characters of a quoted string (RFC 9110, 5.6.4). nullopt: it does not end where the value ends.
std::optional<std::string> Unquote(std::string_view value) {
  std::string text;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') return i + 1 == value.size() ? std::optional(std::move(text)) : std::nullopt;
    if (value[i] == '\\' && ++i == value.size()) return std::nullopt;
    text.push_back(value[i]);
  }
  return std::nullopt;
}

std::optional<std::string> DecodePercent(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      text.push_back(value[i]);
      continue;
    }
    if (value.size() - i < 3) return std::nullopt;
    const std::optional<unsigned> high = HexDigit(value[i + 1]);
    const std::optional<unsigned> low = HexDigit(value[i + 2]);
    if (!high || !low) return std::nullopt;
    text.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  return text;
}

}  // namespace

std::optional<std::string> DecodeHeaderValue(std::string_view value) {
  std::optional<std::string> unquoted;
  if (value.starts_with('"')) {
    unquoted = Unquote(value);
    if (!unquoted) return std::nullopt;
    value = *unquoted;
  }
  std::optional<std::string> text = DecodePercent(value);
  if (!text || !simdjson::validate_utf8(*text)) return std::nullopt;
  return text;
}

bool IsAttributeName(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace audit::event
