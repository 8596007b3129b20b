// Where a service is: the part of a URL that a client of the API needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errors/result.h"

namespace audit::client {

struct Url {
  bool tls = false;
  std::string host;  // a name or an address, without the brackets of IPv6
  std::uint16_t port = 80;
  std::string path;  // what comes before /v1/...: empty, or "/audit" without a slash at its end

  // What goes into the Host header: the port only where it is not the scheme's own.
  [[nodiscard]] std::string Authority() const;
  [[nodiscard]] std::string ToString() const;
};

// "http://127.0.0.1:8000", "https://audit.example.org/audit/", "http://[::1]:8000". The error says
// what is wrong with it; user names, queries and fragments are refused.
Result<Url> ParseUrl(std::string_view text);

}  // namespace audit::client
