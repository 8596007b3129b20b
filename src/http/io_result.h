// What a non-blocking read or write did.
#pragma once

#include <cstddef>
#include <cstdint>

namespace audit::http {

enum class IoStatus : std::uint8_t {
  kDone,
  kWouldBlock,  // try again at the next readiness
  kEnd,         // the other side has sent everything
  kFailed,      // the connection is broken
};

struct IoResult {
  IoStatus status = IoStatus::kDone;
  std::size_t bytes = 0;
};

}  // namespace audit::http
