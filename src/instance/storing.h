// The half of an instance behind the log: the persister on its thread, the upkeep of partitions,
// and the eye on the store for /health. Which of them there are, the roles say.
#pragma once

#include <chrono>
#include <memory>

#include "api/health.h"
#include "config/config.h"
#include "errors/result.h"
#include "spool/spool.h"
#include "telemetry/metrics.h"

namespace audit::instance {

// The reader of the spool that the store follows; a segment stays until it is past it.
inline constexpr char kStoreReader[] = "store";

class Storing {
 public:
  // `spool` is needed with the role `persist` and the embedded log, else it may be null. All but `config` outlive it.
  static Result<std::unique_ptr<Storing>> Open(const config::Config& config, spool::Spool* spool,
                                               telemetry::Metrics& metrics, api::Health& health);
  ~Storing();  // as Stop with no time to drain
  Storing(const Storing&) = delete;
  Storing& operator=(const Storing&) = delete;

  // Starts the threads. Once, before anything is appended to the spool.
  void Start();
  // Lets the persister go on until it has all that the embedded log has synced, for at most `drain`; finishes
  // its batch; ends the threads. Again calls do nothing.
  void Stop(std::chrono::milliseconds drain);

 private:
  struct State;
  explicit Storing(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::instance
