// How long to wait before trying a failed store again (contract, section 4: 100 ms to 30 s, with
// jitter, so that many replicas do not come back at the same moment).
#pragma once

#include <chrono>

#include "env/random.h"

namespace audit::pipeline {

// One thread at a time. `random` outlives it.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, env::Random& random);

  // The next wait: doubles from call to call up to `most`; between half of that and all of it.
  std::chrono::milliseconds Next();
  // It worked: the next wait is the least again.
  void Reset();

 private:
  std::chrono::milliseconds least_;
  std::chrono::milliseconds most_;
  std::chrono::milliseconds bound_;
  env::Random& random_;
};

}  // namespace audit::pipeline
