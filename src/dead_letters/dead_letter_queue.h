// Events that can never be stored, kept with the reason and the bytes they came in (contract,
// section 4). Implementations: sqlite_dead_letter_queue.h, and a topic (kafka/).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "errors/result.h"
#include "event/message_header.h"
#include "time/unix_micros.h"

namespace audit::dead_letters {

struct DeadLetter {
  std::string_view reason;      // "conflict: ...", "rejected: ..."
  std::string_view origin;      // where it was read: "spool", or the topic
  std::int32_t partition = -1;  // of the topic; -1: `origin` has none
  std::uint64_t offset = 0;     // its sequence number or offset there; with the two above its identity
  std::optional<std::string_view> key;
  std::string_view value;                              // the original bytes
  bool tombstone = false;                              // the original had no value, not even an empty one
  time::UnixMicros ingested_at;                        // when it was accepted
  std::span<const event::MessageHeader> headers = {};  // that it came with
};

// One thread at a time.
class DeadLetterQueue {
 public:
  virtual ~DeadLetterQueue() = default;
  // Durable when it returns. May be called again with the same letters after an error or a crash; a
  // queue that can tell takes each once. `now` becomes its dead-letter time.
  virtual Result<void> Put(std::span<const DeadLetter> letters, time::UnixMicros now) = 0;
};

}  // namespace audit::dead_letters
