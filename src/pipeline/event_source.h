// Where a pump takes events from: the spool's reader, or a Kafka consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "errors/result.h"
#include "time/unix_micros.h"

namespace audit::pipeline {

// Readable bytes behind every value.
inline constexpr std::size_t kValuePadding = 64;

struct SourcedEvent {
  std::string_view value;
  std::string_view origin;   // names the log: "spool"
  std::uint64_t offset = 0;  // its place in it
  time::UnixMicros ingested_at;
};

// One thread at a time.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // The next events in order, all that is there up to the bounds; empty when there is nothing.
  // Never waits. The views live until the next Fetch or Rewind.
  virtual Result<std::span<const SourcedEvent>> Fetch(std::size_t max_events, std::size_t max_bytes) = 0;
  // All events fetched so far are dealt with, durably: they are not given again.
  virtual Result<void> Commit() = 0;
  // Forget what was fetched since the last Commit; the next Fetch gives it again.
  virtual void Rewind() = 0;
};

}  // namespace audit::pipeline
