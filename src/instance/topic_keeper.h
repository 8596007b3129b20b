// Sees to it that the topics are there, as `audit-manager topics ensure` does, and says so where it may
// not: events wait in the spool until somebody has made them. Shows how the topic of events is, for metrics.
#pragma once

#include <optional>

#include "config/config.h"
#include "instance/periodic_thread.h"
#include "kafka/topic_admin.h"
#include "telemetry/metrics.h"

namespace audit::instance {

class TopicKeeper {
 public:
  // Starts a thread that tries until it has succeeded once, and then only looks, once an hour. `metrics` outlives it.
  TopicKeeper(const config::Config& config, telemetry::Metrics& metrics);

 private:
  std::chrono::milliseconds Ensure();
  Result<void> Show(kafka::TopicAdmin& admin);

  const config::Config config_;
  telemetry::Gauge& partitions_;
  telemetry::Gauge& retention_;
  bool ensured_ = false;  // on the thread
  std::optional<PeriodicThread> thread_;
};

}  // namespace audit::instance
