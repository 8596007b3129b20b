// Events from an input to a service: one thread reads and checks, several send, all with bounded
// memory. What the user sees of it is emit_console.h.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cli/event_splitter.h"
#include "client/http_client.h"
#include "client/refusal.h"
#include "client/retry.h"
#include "env/clock.h"
#include "env/mutex.h"
#include "errors/result.h"

namespace audit::cli {

struct EmitOptions {
  client::ClientOptions client = {};
  client::RetryPolicy retry = {};
  std::size_t batch_size = 100;
  std::size_t batch_bytes = 4U << 20;  // a batch is sent when it has so many, however few events
  unsigned concurrency = 4;
  bool check_only = false;  // send nothing
};

struct EmitCounts {
  std::uint64_t events = 0;  // found in the input
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // here or by the service
  std::uint64_t unsent = 0;   // not known to be taken
  std::uint64_t retries = 0;
  std::uint64_t bytes_read = 0;
  std::optional<Place> first_unsent;
  bool whole_input = false;  // it was read to its end
};

// Called on the run's threads, one call at a time.
class EmitObserver {
 public:
  virtual ~EmitObserver() = default;
  // `json` is the event, with the id and time it was given if it came that far; empty where it could
  // not be told from the rest of the input.
  virtual void OnRefused(const Place& place, std::span<const client::Refusal> refusals, std::string_view json) = 0;
  virtual void OnRetry(std::string_view why, std::chrono::milliseconds wait) = 0;
};

class EmitRun {
 public:
  // `read` gives the input (see EventSplitter) and ends it when stopped() becomes true. All outlive
  // the run.
  EmitRun(EmitOptions options, EventSplitter::Read read, InputFormat format, env::Clock& clock, EmitObserver& observer);
  ~EmitRun();  // as Stop, then waits for the threads
  EmitRun(const EmitRun&) = delete;
  EmitRun& operator=(const EmitRun&) = delete;

  // Once. kInvalidArgument: the CA file cannot be used.
  Result<void> Start();
  // False when it was not over after `timeout`.
  bool WaitFor(std::chrono::milliseconds timeout);
  // Reads no more, tries nothing again, and counts as unsent what is not answered yet. Any thread.
  void Stop();

  [[nodiscard]] const std::atomic<bool>& stopped() const { return stopped_; }
  [[nodiscard]] EmitCounts counts() const;
  // What ended it before the end of the input. Read it when it is over.
  [[nodiscard]] std::optional<Error> error() const;

 private:
  struct Event {
    Place place;
    std::size_t offset = 0;  // in Batch::json
    std::size_t size = 0;
  };
  struct Batch {
    std::string json;  // of all events, one behind the other
    std::vector<Event> events;
  };

  void ReadAll();
  void SendAll(client::HttpClient& http);
  void Deal(Batch batch);  // gives it to a sender, waiting for a free place
  std::optional<Batch> Take();
  void Refused(const Place& place, std::span<const client::Refusal> refusals, std::string_view json);
  void Unsent(const Batch& batch, std::span<const std::size_t> indexes);
  void UnsentFrom(const Place& first, std::size_t count) REQUIRES(mutex_);
  void Fail(const Error& error);
  bool Pause(std::chrono::milliseconds wait);

  const EmitOptions options_;
  const EventSplitter::Read read_;
  const InputFormat format_;
  env::Clock& clock_;
  EmitObserver& observer_;

  std::atomic<bool> stopped_{false};
  std::vector<std::unique_ptr<client::HttpClient>> clients_;
  std::vector<std::thread> threads_;

  mutable env::Mutex mutex_;
  env::Condition changed_;
  std::deque<Batch> queue_ GUARDED_BY(mutex_);
  bool all_read_ GUARDED_BY(mutex_) = false;
  unsigned running_ GUARDED_BY(mutex_) = 0;
  EmitCounts counts_ GUARDED_BY(mutex_);
  std::optional<Error> error_ GUARDED_BY(mutex_);
};

}  // namespace audit::cli
