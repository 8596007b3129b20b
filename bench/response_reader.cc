#include "response_reader.h"

#include <algorithm>
#include <charconv>

namespace audit::bench {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1 ";

// `name` in lower case.
bool IsHeader(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         std::equal(name.begin(), name.end(), line.begin(), [](char want, char got) { return want == (got | 0x20); });
}

std::string_view Value(std::string_view line, std::string_view name) {
  line.remove_prefix(name.size() + 1);
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line;
}

}  // namespace

HeadState ReadHead(std::string_view bytes, ResponseHead* head) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return HeadState::kIncomplete;
  if (!bytes.starts_with(kVersion)) return HeadState::kMalformed;
  const char* status = bytes.data() + kVersion.size();
  if (std::from_chars(status, status + 3, head->status).ptr != status + 3) return HeadState::kMalformed;

  std::optional<std::size_t> length;
  head->close = false;
  for (std::size_t at = bytes.find("\r\n") + 2; at < end;) {
    const std::size_t next = bytes.find("\r\n", at);
    const std::string_view line = bytes.substr(at, next - at);
    if (IsHeader(line, "content-length")) {
      const std::string_view value = Value(line, "content-length");
      std::size_t number = 0;
      const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || stop != value.data() + value.size()) return HeadState::kMalformed;
      length = number;
    } else if (IsHeader(line, "connection")) {
      head->close = Value(line, "connection") == "close";
    }
    at = next + 2;
  }
  if (!length.has_value()) return HeadState::kMalformed;
  head->total_bytes = end + 4 + *length;
  return HeadState::kComplete;
}

}  // namespace audit::bench
