// A clock that stands still until it is told: for tests and simulations.
#pragma once

#include <atomic>
#include <chrono>

#include "env/clock.h"

namespace audit::env {

// Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(time::UnixMicros start) : wall_micros_(start.value) {}

  [[nodiscard]] time::UnixMicros Now() const override { return {wall_micros_.load()}; }
  [[nodiscard]] SteadyTime SteadyNow() const override {
    return SteadyTime(std::chrono::nanoseconds(steady_nanos_.load()));
  }

  // Both clocks go on by `by`.
  void Advance(std::chrono::nanoseconds by) {
    steady_nanos_ += by.count();
    wall_micros_ += by.count() / 1'000;
  }

 private:
  std::atomic<std::int64_t> wall_micros_;
  std::atomic<std::int64_t> steady_nanos_{0};
};

}  // namespace audit::env
