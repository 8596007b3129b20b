// The least of HTTP that a load client must understand: where an answer ends, and its status.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace audit::bench {

struct ResponseHead {
  int status = 0;
  std::size_t total_bytes = 0;  // head and body
  bool close = false;           // the server ends the connection after it
};

enum class HeadState { kIncomplete, kMalformed, kComplete };

// Reads a response head at the begin of `bytes`. Only answers with a Content-Length are understood.
HeadState ReadHead(std::string_view bytes, ResponseHead* head);

}  // namespace audit::bench
