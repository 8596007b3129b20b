// With the Kafka log, the half of an instance between spool and topic: the forwarder on its thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "config/config.h"
#include "errors/result.h"
#include "spool/spool.h"
#include "telemetry/metrics.h"

namespace audit::instance {

// The reader of the spool that the topic follows; a segment stays until it is past it.
inline constexpr char kForwarderReader[] = "forwarder";

class Forwarding {
 public:
  // `on_replicated` is called with each step forward, on the forwarder's thread. `spool` and `metrics`
  // outlive it.
  static Result<std::unique_ptr<Forwarding>> Open(const config::Config& config, spool::Spool& spool,
                                                  telemetry::Metrics& metrics,
                                                  std::function<void(spool::Sequence)> on_replicated);
  ~Forwarding();  // as Stop with no time to drain
  Forwarding(const Forwarding&) = delete;
  Forwarding& operator=(const Forwarding&) = delete;

  // Starts the thread. Once, before anything is appended to the spool.
  void Start();
  // Goes on until the topic has all that is synced, for at most `drain`, and ends the thread. True: it has
  // all. Again calls do nothing.
  bool Stop(std::chrono::milliseconds drain);

 private:
  struct State;
  explicit Forwarding(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::instance
