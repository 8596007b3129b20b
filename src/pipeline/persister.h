// Source → store. Keeps its batch until the store has it: a failing store moves no position.
// Does one step at a time and never waits by itself; pump_thread.h drives it in a real process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "dead_letters/dead_letter_queue.h"
#include "env/clock.h"
#include "env/random.h"
#include "pipeline/event_source.h"
#include "pipeline/pump.h"
#include "store/audit_store.h"

namespace audit::pipeline {

struct PersisterOptions {
  std::size_t batch_max_events = 2'000;
  std::size_t batch_max_bytes = 8ULL << 20;
  // After a batch of less than half the bound, the next one starts this long after it at the
  // earliest: a sync a moment instead of a sync an event.
  std::chrono::milliseconds gather{50};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{30'000};
};

// For log and metrics. Called on the pump's thread.
class PersisterObserver {
 public:
  virtual ~PersisterObserver() = default;
  virtual void OnBatch(std::size_t stored, std::size_t duplicates, std::size_t conflicts, std::size_t rejected,
                       std::chrono::nanoseconds took) = 0;
  // `id`, `source` and `trace_id` of the event where they could be read, else empty.
  virtual void OnDeadLetter(std::string_view reason, std::string_view id, std::string_view source,
                            std::string_view trace_id, std::uint64_t offset) = 0;
  virtual void OnUnavailable(const Error& error, std::chrono::milliseconds retry_in) = 0;
  virtual void OnAvailableAgain() = 0;
};

class Persister final : public Pump {
 public:
  // All outlive the persister; `observer` may be null.
  Persister(EventSource& source, store::AuditStore& store, dead_letters::DeadLetterQueue& dead_letters,
            env::Clock& clock, env::Random& random, PersisterOptions options, PersisterObserver* observer);
  ~Persister() override;

  Step Run() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::pipeline
