// A response as one block of bytes, so that it leaves with one system call.
#pragma once

#include <array>
#include <ctime>
#include <string>
#include <string_view>

#include "http/response.h"

namespace audit::http {

// How the answer to one request differs from that to another.
struct ResponseFraming {
  bool head_only = false;   // to HEAD: no body, its Content-Length all the same
  bool close = false;       // says so; the connection ends after it
  bool keep_alive = false;  // says so, to HTTP/1.0
};

// The value of a Date header, formatted again only when the second changes. One thread's.
class HttpDate {
 public:
  [[nodiscard]] std::string_view Text(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

// Appends status line, headers and body to `out`. Names and values of `response.headers` are the
// caller's own and hold no line ends.
void AppendResponse(const Response& response, const ResponseFraming& framing, std::string_view date, std::string& out);

}  // namespace audit::http
