// What an installation is judged by that its configuration does not say.
#pragma once

#include <chrono>

namespace audit::preflight {

struct Expectations {
  int replicas = 2;
  // For so long the store may be away, a weekend by default, and no event be lost.
  std::chrono::hours store_outage{72};
  // False: the Python service is gone for good, and what it cannot do does not matter.
  bool python_may_return = true;
};

}  // namespace audit::preflight
