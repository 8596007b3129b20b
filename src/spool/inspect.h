// The verifier: says what a spool directory holds and whether anything of it is damaged. Behind
// `audit-manager spool inspect`, and the oracle of this room's tests. Only reads, and works beside a
// running instance, whose unfinished write is not damage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "errors/result.h"
#include "spool/failed_flush.h"
#include "spool/segment_scan.h"
#include "spool/sequence.h"

namespace audit::spool {

struct InspectedSegment {
  std::string name;
  SegmentHeader header;
  SegmentScan scan;  // first is header.first, last is scan.next - 1
};

struct InspectedPosition {
  std::string reader;
  std::optional<Sequence> committed;  // nothing: the file is damaged
};

struct Inspection {
  std::vector<InspectedSegment> segments;  // of the log, oldest first
  std::vector<std::string> spares;         // prepared, nothing in them
  std::vector<std::string> unreadable;     // segment files without a valid header
  std::vector<std::string> set_aside;      // in damaged/: remove them when they were dealt with
  std::vector<std::string> unfinished;     // left by an interrupted preparation; the next start clears them away
  std::vector<InspectedPosition> positions;
  std::vector<MissingRange> missing;        // of the log as a whole
  std::optional<FailedFlush> failed_flush;  // of an earlier process; what it left is judged above
  Sequence next;                            // that the next record gets, as far as the files tell
  std::uint64_t records = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t torn_bytes = 0;  // an unfinished write at the end: not damage

  [[nodiscard]] bool damaged() const;
};

// kNotFound: no such directory; kIo: it cannot be read. What is read and found wrong is in the result.
Result<Inspection> Inspect(env::FileSystem& files, const std::string& directory);

// For people, a line for each thing, the verdict last.
[[nodiscard]] std::string ToText(const Inspection& inspection);

}  // namespace audit::spool
