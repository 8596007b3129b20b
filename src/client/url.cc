#include "client/url.h"

#include <algorithm>
#include <charconv>

namespace audit::client {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

Error Invalid(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, "URL " + std::string(text) + ": " + std::string(why)};
}

// Printable ASCII, no blank: what may go into a request line and a header as it is.
bool IsPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::string Url::Authority() const {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port != (tls ? kHttpsPort : kHttpPort)) text += ':' + std::to_string(port);
  return text;
}

std::string Url::ToString() const { return (tls ? "https://" : "http://") + Authority() + path; }

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Invalid(text, "must begin with http:// or https://");
  }
  url.port = url.tls ? kHttpsPort : kHttpPort;
  if (!IsPlain(rest)) return Invalid(text, "holds a blank or a character outside ASCII");
  if (rest.find_first_of("?#") != std::string_view::npos) return Invalid(text, "must not have a query or fragment");

  std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(authority.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  url.path = path;
  if (authority.find('@') != std::string_view::npos) return Invalid(text, "must not have a user name in it");

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return Invalid(text, "the bracket around the address is not closed");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else {
    url.host = authority.substr(0, authority.find(':'));
    port = authority.substr(url.host.size());
  }
  if (url.host.empty()) return Invalid(text, "has no host");
  if (port.empty()) return url;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return Invalid(text, "the port must be 1 to 65535");
  }
  return url;
}

}  // namespace audit::client
