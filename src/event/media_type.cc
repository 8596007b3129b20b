#include "event/media_type.h"

#include <algorithm>
#include <cstddef>

namespace audit::event {
namespace {

// RFC 9110, 5.6.2.
bool IsTokenCharacter(char c) {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || kOther.find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter); }

bool EndsWithJson(std::string_view text) {
  constexpr std::string_view kJson = "json";
  if (text.size() < kJson.size()) return false;
  return std::equal(kJson.begin(), kJson.end(), text.end() - kJson.size(),
                    [](char want, char c) { return want == static_cast<char>(c | 0x20); });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

bool IsJsonMediaType(std::string_view media_type) {
  const std::string_view essence = Trim(media_type.substr(0, media_type.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view subtype = essence.substr(slash + 1);
  if (!IsToken(essence.substr(0, slash)) || !IsToken(subtype) || !EndsWithJson(subtype)) return false;
  constexpr std::size_t kJsonSize = 4;
  return subtype.size() == kJsonSize || (subtype.size() > kJsonSize + 1 && subtype[subtype.size() - 5] == '+');
}

}  // namespace audit::event
