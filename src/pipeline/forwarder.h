// Spool → topic. Publishes ahead of what is acknowledged; the spool's position moves over the prefix
// of events whose fate is settled, so a crash publishes the others again and none is left out.
// Never waits by itself; pump_thread.h drives it in a real process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dead_letters/dead_letter_queue.h"
#include "env/clock.h"
#include "env/random.h"
#include "pipeline/publisher.h"
#include "pipeline/pump.h"
#include "spool/reader.h"

namespace audit::pipeline {

struct ForwarderOptions {
  std::size_t read_max_events = 2'000;
  std::size_t read_max_bytes = 4ULL << 20;
  // Published and not yet settled; the publisher's own queue may be smaller.
  std::size_t window_max_events = 100'000;
  // Once the spool is empty, what comes after is published this long after the last time at the earliest: by larger
  // batches, which cost the log's brokers and readers much less than many small ones. 0: at once.
  std::chrono::milliseconds gather{0};
  // A commit is a sync of the disk: this long after the last one at the earliest, or when all is settled.
  std::chrono::milliseconds commit_interval{100};
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{30'000};
};

// For log, metrics and waiting requests. Called on the pump's thread.
class ForwarderObserver {
 public:
  virtual ~ForwarderObserver() = default;
  // Everything up to `through` is in the log or set aside; `events` of it are new since the last call.
  virtual void OnSettled(spool::Sequence through, std::size_t events) = 0;
  // The log will never take it; it is in the dead letters now.
  virtual void OnSetAside(std::string_view reason, std::string_view id, std::string_view source,
                          std::uint64_t position) = 0;
  virtual void OnUnavailable(const Error& error, std::chrono::milliseconds retry_in) = 0;
  virtual void OnAvailableAgain() = 0;
};

class Forwarder final : public Pump {
 public:
  // All outlive the forwarder; `observer` may be null. What the log refuses goes to `set_aside`.
  Forwarder(spool::Reader& reader, Publisher& publisher, dead_letters::DeadLetterQueue& set_aside, env::Clock& clock,
            env::Random& random, ForwarderOptions options, ForwarderObserver* observer);
  ~Forwarder() override;

  Step Run() override;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::pipeline
