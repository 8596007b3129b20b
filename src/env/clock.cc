#include "env/clock.h"

namespace audit::env {
namespace {

class RealClock final : public Clock {
 public:
  [[nodiscard]] time::UnixMicros Now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
  }
  [[nodiscard]] SteadyTime SteadyNow() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

}  // namespace audit::env
