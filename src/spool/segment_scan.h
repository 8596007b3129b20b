// What a whole segment holds: the judgement of recovery and of the verifier. This is where a torn
// tail and damage are told apart.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "env/file_system.h"
#include "errors/result.h"
#include "spool/segment_format.h"
#include "spool/sequence.h"

namespace audit::spool {

struct MissingRange {
  Sequence first;
  Sequence last;
  bool operator==(const MissingRange&) const = default;
};

struct SegmentScan {
  std::uint64_t records = 0;  // that can be read and belong to the log
  std::uint64_t payload_bytes = 0;
  time::UnixMicros first_appended_at;
  Sequence next;                      // behind the last that belongs to the log
  std::uint64_t end_offset = 0;       // behind the last that can be read
  std::vector<MissingRange> missing;  // were synced and cannot be read: damage
  // Of an unfinished write: what can be recognised of it, and whether records in it are valid by
  // themselves (then nothing may be appended here: they could become part of the log again).
  std::uint64_t torn_bytes = 0;
  bool torn_records = false;
  // From here to end_offset no later record proves that a sync covered it.
  std::uint64_t unproven_offset = 0;
};

// `successor`: the first sequence of the next segment. With it every record up to there was synced
// (the writer syncs a segment before it begins the next), and what is not there is damage; what lies
// behind is a torn write that an earlier recovery cut off. Without it this is the log's tail, and a
// missing record is damage only if a later record says that it was synced when that one was queued.
Result<SegmentScan> ScanSegment(const env::File& file, const SegmentHeader& header, std::optional<Sequence> successor);

}  // namespace audit::spool
