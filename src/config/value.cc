#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace audit::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
// Binary units first and the largest of them first, as PrintSize tries them.
constexpr std::array kUnits{Unit{"TiB", 1ULL << 40U},
                            Unit{"GiB", 1ULL << 30U},
                            Unit{"MiB", 1ULL << 20U},
                            Unit{"KiB", 1ULL << 10U},
                            Unit{"TB", 1'000'000'000'000},
                            Unit{"GB", 1'000'000'000},
                            Unit{"MB", 1'000'000},
                            Unit{"kB", 1'000},
                            Unit{"", 1}};
constexpr std::size_t kBinaryUnits = 4;

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

char LowerCharacter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char UpperCharacter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

std::optional<std::int64_t> ParseInteger(std::string_view text) { return ParseWhole<std::int64_t>(text); }

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> count = ParseWhole<std::uint64_t>(text.substr(0, digits));
  std::string_view name = text.substr(digits);
  if (name.starts_with(' ')) name.remove_prefix(1);
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(), [name](const Unit& u) { return u.name == name; });
  if (!count || unit == kUnits.end() || *count > std::numeric_limits<std::uint64_t>::max() / unit->bytes) {
    return std::nullopt;
  }
  return *count * unit->bytes;
}

std::string PrintSize(std::uint64_t bytes) {
  for (std::size_t i = 0; i < kBinaryUnits && bytes > 0; ++i) {
    if (bytes % kUnits[i].bytes == 0)
      return std::to_string(bytes / kUnits[i].bytes) + " " + std::string(kUnits[i].name);
  }
  return std::to_string(bytes);
}

std::optional<bool> ParseSwitch(std::string_view text) {
  const std::string lower = Lower(text);
  if (lower == "true" || lower == "yes" || lower == "on" || lower == "1") return true;
  if (lower == "false" || lower == "no" || lower == "off" || lower == "0") return false;
  return std::nullopt;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerCharacter);
  return lower;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), UpperCharacter);
  return upper;
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return line;
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  return '"' + OneLine(text.substr(0, kLongest)) + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace audit::config
