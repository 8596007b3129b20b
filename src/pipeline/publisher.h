// Where the Forwarder puts events: a log that many replicas share. Implementation: kafka/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errors/error.h"
#include "errors/result.h"
#include "time/unix_micros.h"

namespace audit::pipeline {

struct OutgoingEvent {
  std::uint64_t position = 0;  // in the spool; comes back in the reports
  std::string_view key;        // events of one key stay in order
  std::string_view value;
  time::UnixMicros ingested_at;  // becomes the time of the message
};

// Each published event gets exactly one of these, in any order, on the thread that calls Poll.
class PublisherListener {
 public:
  virtual ~PublisherListener() = default;
  // The log has it, durably.
  virtual void OnDelivered(std::uint64_t position) = 0;
  // The log will never take this event (too large, invalid): the event's own fault, others go on.
  // `event` as it was published; its views live until the call returns.
  virtual void OnRefused(const OutgoingEvent& event, const std::string& reason) = 0;
  // Not taken, and not the event's fault (no such topic, no permission, ...). No event of the same
  // key published after it is delivered before it is published again.
  virtual void OnFailed(std::uint64_t position, const Error& error) = 0;
};

// One thread at a time.
class Publisher {
 public:
  virtual ~Publisher() = default;
  // Copies it. False: no room until Poll has reported something. An error is the publisher's own:
  // nothing was taken, try again later.
  virtual Result<bool> Publish(const OutgoingEvent& event) = 0;
  // Reports what became known since the last call. Never waits.
  virtual void Poll(PublisherListener& listener) = 0;
  // Drops what is not reported yet: no report comes, though it may have arrived. For publishing
  // again from an earlier position.
  virtual void Abandon() = 0;
};

}  // namespace audit::pipeline
