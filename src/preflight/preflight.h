// Looks at all that the service needs before it runs: nothing is made, changed or left behind.
#pragma once

#include <chrono>
#include <vector>

#include "config/config.h"
#include "preflight/expectations.h"
#include "preflight/finding.h"

namespace audit::preflight {

struct Report {
  std::vector<Finding> findings;
  // A check was given up that still runs, on a thread of its own: end the process with std::_Exit.
  bool abandoned = false;
};

// What the configuration itself says: that it is good, or why not, and what the start would warn about.
[[nodiscard]] std::vector<Finding> JudgeConfiguration(const Result<config::Loaded>& loaded);

// All areas at the same time. `timeout` is for each question; what hangs in spite of it (a resolver, a disk) is given
// up, and the others are told.
[[nodiscard]] Report Inspect(const Result<config::Loaded>& loaded, const Expectations& expectations,
                             std::chrono::milliseconds timeout);

}  // namespace audit::preflight
