#include "pipeline/backoff.h"

#include <algorithm>

namespace audit::pipeline {

Backoff::Backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, env::Random& random)
    : least_(least), most_(most), bound_(least), random_(random) {}

std::chrono::milliseconds Backoff::Next() {
  const auto half = std::max<std::int64_t>(bound_.count() / 2, 1);
  const auto jitter = static_cast<std::int64_t>(random_.Next() % static_cast<std::uint64_t>(half + 1));
  bound_ = std::min(most_, bound_ * 2);
  return std::chrono::milliseconds(half + jitter);
}

void Backoff::Reset() { bound_ = least_; }

}  // namespace audit::pipeline
