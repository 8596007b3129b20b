// The two threads that a running spool needs: one that flushes, one that prepares and recycles
// segments. The spool itself starts none, so that a simulation can be its thread.
#pragma once

#include <functional>
#include <memory>

#include "errors/error.h"
#include "spool/spool.h"

namespace audit::spool {

class Flusher {
 public:
  // `on_failure` is called once, on the flushing thread, when a flush failed for good.
  Flusher(Spool& spool, std::function<void(const Error&)> on_failure);
  // Stops as Stop does.
  ~Flusher();
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  // Wakes the flusher; cheap when it is awake. Any thread. Call it when a round of appends is done:
  // many requests then share one flush.
  void Kick();
  // Flushes what is queued and ends the threads.
  void Stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace audit::spool
