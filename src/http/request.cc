#include "http/request.h"

#include <algorithm>

#include "http/ascii.h"

namespace audit::http {

bool EqualWithoutCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::optional<std::string_view> Request::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (EqualWithoutCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

}  // namespace audit::http
