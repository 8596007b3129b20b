// Time as it comes from outside: spool/ and pipeline/ never ask the system for it, so that a
// simulation can drive them in virtual time.
#pragma once

#include <chrono>

#include "time/unix_micros.h"

namespace audit::env {

// A point on a clock that never goes back; only differences mean anything.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

// Any thread may call any member.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual time::UnixMicros Now() const = 0;  // wall clock, may jump
  [[nodiscard]] virtual SteadyTime SteadyNow() const = 0;  // for intervals and deadlines
};

// The system's clocks. Lives for ever.
[[nodiscard]] Clock& SystemClock();

}  // namespace audit::env
