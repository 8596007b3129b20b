// What /health, /health/live and /health/ready answer from. The composition root tells it what
// happens; I/O threads ask. Nothing here waits.
#pragma once

#include <atomic>
#include <cstdint>

#include "api/error_catalogue.h"
#include "env/clock.h"

namespace audit::api {

class Health {
 public:
  enum class Phase : std::uint8_t {
    kStarting,
    kServing,
    kStopping,
    kFailed,  // nothing can be made durable any more; stays, whatever is entered after it
  };

  // `has_store`: this process stores events, so that /health speaks of the store, too.
  explicit Health(bool has_store) : has_store_(has_store) {}

  // Any thread may call any member.
  void Enter(Phase phase);
  void OnStoreProbe(bool reachable, env::SteadyTime at);

  // Null: ready. Never depends on the store.
  [[nodiscard]] const Problem* Ready() const;
  // Null: startup complete and store reachable. A probe that has not answered for kProbeLapse
  // counts as unreachable.
  [[nodiscard]] const Problem* Healthy(env::SteadyTime now) const;

  static constexpr std::chrono::seconds kProbeLapse{3};

 private:
  const bool has_store_;
  std::atomic<Phase> phase_{Phase::kStarting};
  std::atomic<env::SteadyTime> reachable_at_{env::SteadyTime::min()};  // min: the last probe failed
};

}  // namespace audit::api
