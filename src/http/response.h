// One HTTP response. The server adds Date, Content-Length and Connection.
#pragma once

#include <span>
#include <string_view>

#include "http/request.h"

namespace audit::http {

struct Response {
  int status = 200;
  std::string_view content_type;  // empty: no such header
  std::string_view body;          // not sent to HEAD, whose Content-Length still counts it
  std::span<const Header> headers;
  bool close = false;  // end the connection after it
};

}  // namespace audit::http
