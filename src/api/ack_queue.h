// The requests of one I/O thread whose events are in the spool and whose answer waits for the
// moment of ingest.durability, in the order of their events.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/ack_hub.h"
#include "api/routes.h"
#include "env/clock.h"
#include "http/handler.h"
#include "spool/sequence.h"

namespace audit::api {

// Used on its I/O thread, WakeIfDue apart.
class AckQueue {
 public:
  struct Waiting {
    std::optional<http::Exchange> exchange;
    spool::Sequence last;  // of its events
    Route route = Route::kOther;
    std::size_t events = 0;
    env::SteadyTime received;
    std::string response;  // what goes into the envelope
  };
  enum class Fate : std::uint8_t {
    kKept,  // its events reached the moment
    kLost,  // they never will
    kLate,  // they did not in time, and may yet
  };
  // Answers one of them.
  using Answer = std::function<void(Waiting& waiting, Fate fate)>;

  // `hub` and `thread` outlive the queue.
  AckQueue(AckHub& hub, http::IoThread& thread, Answer answer);
  ~AckQueue();
  AckQueue(const AckQueue&) = delete;
  AckQueue& operator=(const AckQueue&) = delete;

  // A cleared entry at the end, to be filled; its `response` keeps the memory of one before.
  // Call Pushed when it is whole.
  Waiting& Push();
  void Pushed();

  // Answers what is due by now.
  void AnswerDue();

  // Answers those that were received before then, as kLate, after what is due.
  void GiveUp(env::SteadyTime received_before);

  // Has AnswerDue run on the I/O thread if something up to `through` waits. Any thread; one wake-up
  // is under way at a time.
  void WakeIfDue(std::uint64_t through);

 private:
  void Grow();
  [[nodiscard]] Waiting& Front() { return ring_[head_]; }
  void PopFront();
  // Publishes the oldest entry to WakeIfDue.
  void PublishOldest();

  AckHub& hub_;
  http::IoThread& thread_;
  const Answer answer_;
  std::vector<Waiting> ring_;  // entries are used again: the steady state allocates nothing
  std::size_t head_ = 0;
  std::size_t size_ = 0;

  // An entry that becomes the oldest is published before the hub is asked how far it is, and the hub
  // says how far it is before it reads this: one of the two sees the other (both are sequentially
  // consistent), so no entry is left without a wake-up.
  std::atomic<std::uint64_t> oldest_{0};  // 0: nothing waits
  std::atomic<bool> waking_{false};
};

}  // namespace audit::api
