// Gives synced records in order and remembers how far they were dealt with.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "errors/result.h"
#include "spool/sequence.h"
#include "time/unix_micros.h"

namespace audit::spool {

// Readable bytes behind every payload that a reader gives out (parsers read ahead in strides).
inline constexpr std::size_t kPayloadPadding = 64;

struct RecordView {
  Sequence sequence;
  time::UnixMicros appended_at;  // time of ingest
  std::string_view payload;
};

// One thread at a time. Must not outlive its Spool.
class Reader {
 public:
  virtual ~Reader() = default;
  // The next records, at most `max_records` and about `max_bytes` (at least one, however large).
  // Empty: nothing new yet. Does not wait. Views live until the next call of Read or Rewind.
  // Damage is reported to the Observer and stepped over, never silently.
  virtual Result<std::span<const RecordView>> Read(std::size_t max_records, std::size_t max_bytes) = 0;
  // Everything up to and including `through` is dealt with, durably when this returns. Positions
  // never go back; a crash may lose the last Commit, and its records are then read again.
  virtual Result<void> Commit(Sequence through) = 0;
  // The next Read starts after the last Commit again.
  virtual void Rewind() = 0;
  [[nodiscard]] virtual Sequence committed() const = 0;
};

}  // namespace audit::spool
