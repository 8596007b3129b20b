// One of the loops that move events onward.
#pragma once

#include <optional>

#include "env/clock.h"

namespace audit::pipeline {

struct Step {
  bool progressed = false;  // call again at once
  // Otherwise: call when the source has more, or at this time if it is set (a back-off).
  std::optional<env::SteadyTime> not_before = std::nullopt;
  // Something it sent off is not settled: it is not at rest, though only news can move it.
  bool under_way = false;
};

// One thread at a time. A step never waits.
class Pump {
 public:
  virtual ~Pump() = default;
  virtual Step Run() = 0;
};

}  // namespace audit::pipeline
