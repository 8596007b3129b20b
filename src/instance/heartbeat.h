// Tells the supervisor again and again that the service is alive, and only for as long as it is: what is
// said comes from the last event loop that answered. A loop that is stuck, in whatever it does, keeps the
// supervisor from hearing anything, which then ends and restarts the process.
//
// Not asked are the threads that may rightly wait long: the pumps for a Kafka or a database that is away,
// the flusher for a slow disk. What they hold up shows in the metrics and in /health.
#pragma once

#include <memory>
#include <optional>

#include "instance/instance.h"
#include "instance/periodic_thread.h"
#include "instance/supervisor.h"

namespace audit::instance {

class Heartbeat {
 public:
  // Begins at once, at the interval that the supervisor wishes. `supervisor` outlives the instance, the
  // instance this.
  Heartbeat(const Supervisor& supervisor, Instance& instance);
  ~Heartbeat();  // nothing is said from then on, not even by an answer that comes late
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  class Question;
  const std::shared_ptr<Question> question_;  // shared with answers that are still to come
  std::optional<PeriodicThread> thread_;      // none: the supervisor does not ask
};

}  // namespace audit::instance
