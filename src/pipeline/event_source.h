// Where a pump takes events from: the spool's reader, or a Kafka consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "errors/result.h"
#include "event/message_header.h"
#include "time/unix_micros.h"

namespace audit::pipeline {

// Readable bytes behind every value.
inline constexpr std::size_t kValuePadding = 64;

struct SourcedEvent {
  std::string_view value;
  bool tombstone = false;       // it has no value, not even an empty one
  std::string_view origin;      // names the log: "spool", or the topic
  std::int32_t partition = -1;  // of the topic; -1: the log has none
  std::uint64_t offset = 0;     // its place in it
  time::UnixMicros ingested_at;
  std::optional<std::string_view> key = std::nullopt;  // as the log has it; nothing: the log keeps none, or it had none
  std::span<const event::MessageHeader> headers = {};
};

// One thread at a time.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // The next events in order, all that is there up to the bounds; empty when there is nothing.
  // Never waits. The views live until the next Fetch or Rewind. Everything fetched before is
  // committed or forgotten when this is called.
  virtual Result<std::span<const SourcedEvent>> Fetch(std::size_t max_events, std::size_t max_bytes) = 0;
  // What the next Fetch will give at first, if all that was fetched before is committed and stays ours until then, for
  // whoever wants to read it while that is being stored. A source may give nothing. The views live until the next
  // call of Fetch, LookAhead or Rewind.
  virtual std::span<const SourcedEvent> LookAhead(std::size_t max_events, std::size_t max_bytes) {
    (void)max_events;
    (void)max_bytes;
    return {};
  }
  // All events fetched so far are dealt with, durably: they are not given again. An error leaves
  // them as they were; StillOurs says whether trying again makes sense.
  virtual Result<void> Commit() = 0;
  // Forget what was fetched since the last Commit; the next Fetch gives it again.
  virtual void Rewind() = 0;
  // Asked about once a second while fetched events wait for the store, and after a Commit that
  // failed: what the source owes the log meanwhile, such as staying a member of its group, it does
  // here. False: what was fetched and not committed is another's now; drop it and Rewind.
  virtual bool StillOurs() { return true; }
};

}  // namespace audit::pipeline
