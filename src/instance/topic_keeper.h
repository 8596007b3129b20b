// Sees to it that the topics are there, as `audit-manager topics ensure` does, and says so where it may
// not: events wait in the spool until somebody has made them. Shows how the topic of events is, for metrics.
#pragma once

#include <memory>
#include <optional>

#include "config/config.h"
#include "instance/periodic_thread.h"
#include "kafka/topic_admin.h"
#include "telemetry/metrics.h"
#include "telemetry/once_in_a_while.h"

namespace audit::instance {

class TopicKeeper {
 public:
  // Starts a thread that tries until it has succeeded once, and then only looks, once an hour. `metrics` outlives it.
  TopicKeeper(const config::Config& config, telemetry::Metrics& metrics);

 private:
  std::chrono::milliseconds Ensure();
  std::chrono::milliseconds OnFailure(const Error& error);
  Result<void> Show();

  const config::Config config_;
  telemetry::Gauge& partitions_;
  telemetry::Gauge& retention_;
  // All on the thread.
  std::unique_ptr<kafka::TopicAdmin> admin_;
  telemetry::OnceInAWhile said_;
  bool failed_ = false;
  bool ensured_ = false;
  std::optional<PeriodicThread> thread_;
};

}  // namespace audit::instance
