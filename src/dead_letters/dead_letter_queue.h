// Events that can never be stored, kept with the reason and the bytes they came in (contract,
// section 4). Implementation: sqlite_dead_letter_queue.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "errors/result.h"
#include "time/unix_micros.h"

namespace audit::dead_letters {

struct DeadLetter {
  std::string_view reason;   // "conflict: ...", "rejected: ..."
  std::string_view origin;   // where it was read: "spool", or topic and partition
  std::uint64_t offset = 0;  // its sequence number or offset there; with `origin` its identity
  std::string_view key;
  std::string_view value;        // the original bytes
  time::UnixMicros ingested_at;  // when it was accepted
};

// One thread at a time.
class DeadLetterQueue {
 public:
  virtual ~DeadLetterQueue() = default;
  // Durable when it returns. One that is there already (same origin and offset) changes nothing,
  // so that a batch may be put again after a crash. `now` becomes its dead-letter time.
  virtual Result<void> Put(std::span<const DeadLetter> letters, time::UnixMicros now) = 0;
};

}  // namespace audit::dead_letters
