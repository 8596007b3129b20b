// Sees to it that the topics are there, as `audit-manager topics ensure` does, and says so where it may
// not: events wait in the spool until somebody has made them.
#pragma once

#include <optional>

#include "config/config.h"
#include "instance/periodic_thread.h"

namespace audit::instance {

class TopicKeeper {
 public:
  // Starts a thread that tries until it has succeeded once.
  explicit TopicKeeper(const config::Config& config);

 private:
  std::chrono::milliseconds Ensure();

  const config::Config config_;
  std::optional<PeriodicThread> thread_;
};

}  // namespace audit::instance
