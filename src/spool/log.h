// The log behind Spool: appending and flushing (log.cc), maintenance (log_maintenance.cc) and
// recovery (log_recovery.cc). Readers are in log_reader.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "env/mutex.h"
#include "spool/append_queue.h"
#include "spool/segment_files.h"
#include "spool/segment_scan.h"
#include "spool/spool.h"

namespace audit::spool {

// A segment of the log. Everything that changes is guarded by Log::mutex_.
struct LogSegment {
  SegmentHeader header;
  std::uint64_t synced_end = kHeaderBlockBytes;  // readers look no further
  bool damaged = false;
  bool checked = true;  // false: of an earlier process, and not read by this one
  std::vector<MissingRange> reported;
};

class Log {
 public:
  Log(env::FileSystem& files, env::Clock& clock, env::Random& random, Options options, Observer* observer);

  // log_recovery.cc. Once, before anything else.
  Result<void> Recover() EXCLUDES(mutex_);

  AppendResult Append(std::span<const std::string_view> payloads) EXCLUDES(mutex_);
  Result<bool> Flush() EXCLUDES(mutex_);
  Result<void> Maintain() EXCLUDES(mutex_);
  void Close() EXCLUDES(mutex_);
  [[nodiscard]] Stats GetStats() const EXCLUDES(mutex_);
  [[nodiscard]] Sequence synced() const { return {synced_atomic_.load(std::memory_order_acquire)}; }

  // For the readers.
  struct Place {
    std::shared_ptr<LogSegment> segment;
    SegmentHeader header;
    std::uint64_t end_offset = 0;
    Sequence end;  // of the segment's synced records; exclusive
  };
  // Where `sequence` lies, or the first place behind it; nothing: it is not synced yet.
  [[nodiscard]] std::optional<Place> Locate(Sequence sequence) const EXCLUDES(mutex_);
  // Claims the position of `name`. kInvalidArgument: not one of Options::readers; kLocked: claimed.
  Result<void> ClaimReader(const std::string& name) EXCLUDES(mutex_);
  void ReleaseReader(const std::string& name) EXCLUDES(mutex_);
  void SetCommitted(const std::string& name, Sequence through) EXCLUDES(mutex_);
  [[nodiscard]] Sequence FirstKept() const EXCLUDES(mutex_);
  // Tells the observer, once for a range. `inside`: bytes of the segment are bad (and not a segment
  // missing before it), so it is to be kept.
  void MarkDamaged(LogSegment& segment) EXCLUDES(mutex_);
  void ReportDamage(LogSegment& segment, MissingRange missing, bool inside) EXCLUDES(mutex_);
  [[nodiscard]] std::string PositionPath(const std::string& reader) const;
  [[nodiscard]] std::string SegmentPath(std::uint64_t number) const { return segment_files_.PathOf(number); }

  // Constant after the first Append.
  env::FileSystem& files_;
  env::Clock& clock_;
  const Options options_;
  Observer* const observer_;
  std::size_t max_append_bytes_;
  std::function<void()> work_available_;
  std::function<void()> maintenance_needed_;
  std::vector<ProgressListener*> listeners_;

 private:
  struct Position {
    Sequence committed;
    bool claimed = false;
  };
  // Records up to `last` that were first queued at `since`.
  struct TimeMark {
    Sequence last;
    time::UnixMicros since;
  };

  // log.cc
  AppendStatus Admit(std::size_t records, std::size_t bytes) REQUIRES(mutex_);
  void Roll() REQUIRES(mutex_);
  void AppendRecords(std::span<const std::string_view> payloads, const std::uint32_t* checksums, time::UnixMicros now)
      REQUIRES(mutex_);
  Result<void> WriteInFlight() EXCLUDES(mutex_);
  void Fail(const Error& error) EXCLUDES(mutex_);
  void AddTimeMark(TimeMark mark) REQUIRES(mutex_);
  void PushTimeMark(TimeMark mark) REQUIRES(mutex_);
  [[nodiscard]] Sequence Delivered() const REQUIRES(mutex_);

  // log_maintenance.cc
  [[nodiscard]] bool SpareIsUrgent() const REQUIRES(mutex_);
  [[nodiscard]] bool OldestIsRecyclable() const REQUIRES(mutex_);
  [[nodiscard]] std::uint64_t DiskBytes() const REQUIRES(mutex_);
  [[nodiscard]] SegmentHeader NewSpareHeader() REQUIRES(mutex_);
  enum class Extent : std::uint8_t { kASpare, kAll };
  enum class Step : std::uint8_t { kNone, kRetire, kPrepare };
  [[nodiscard]] Step NextStep(Extent extent) REQUIRES(mutex_);
  bool ClaimMaintenance(Extent extent) EXCLUDES(mutex_);
  Result<void> MaintainClaimed(Extent extent) EXCLUDES(mutex_);
  Result<void> RetireOldest() EXCLUDES(mutex_);
  Result<bool> CheckUnread(LogSegment& segment) EXCLUDES(mutex_);
  Result<void> PrepareSpare() EXCLUDES(mutex_);
  Result<void> PrepareIfUrgent() EXCLUDES(mutex_);

  // log_recovery.cc
  struct FoundSegment {
    SegmentHeader header;
    std::unique_ptr<env::File> file;
  };
  struct Unreadable {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  struct Directory {
    std::vector<FoundSegment> in_use;
    std::vector<SegmentHeader> spares;
    std::vector<Unreadable> unreadable;
  };
  Result<Directory> ReadDirectory() EXCLUDES(mutex_);
  Result<void> LoadPositions() EXCLUDES(mutex_);
  Result<void> TakeSegments(std::vector<FoundSegment> found) EXCLUDES(mutex_);
  Result<void> RecoverTail(const std::shared_ptr<LogSegment>& tail, std::shared_ptr<env::File> file) EXCLUDES(mutex_);
  Result<void> SetUnreadableAside(const std::vector<Unreadable>& files) EXCLUDES(mutex_);
  Result<void> KeepSpares(const std::vector<SegmentHeader>& found) EXCLUDES(mutex_);

  // Recycled files that are kept. One is taken at each roll and one comes back when the readers have
  // left the segment before; with two nothing is made anew at a steady load.
  static constexpr std::size_t kMaxSpares = 2;
  static constexpr std::int64_t kTimeMarkStep = 100'000;  // microseconds between two marks, at the finest

  SegmentFiles segment_files_;  // guarded by whoever holds maintaining_
  std::unique_ptr<env::FileLock> lock_;
  AppendQueue in_flight_;  // of the thread that flushes

  mutable env::Mutex mutex_;
  env::Random& random_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  AppendQueue queue_ GUARDED_BY(mutex_);
  std::size_t queued_records_ GUARDED_BY(mutex_) = 0;  // in queue_ and in_flight_
  std::size_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  Sequence appended_ GUARDED_BY(mutex_);
  Sequence synced_ GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> synced_atomic_{0};
  // In order; the writer appends to the last one if there is a file, at append_offset_.
  std::deque<std::shared_ptr<LogSegment>> segments_ GUARDED_BY(mutex_);
  std::shared_ptr<env::File> writer_ GUARDED_BY(mutex_);
  std::uint64_t append_offset_ GUARDED_BY(mutex_) = 0;
  std::deque<SpareSegment> spares_ GUARDED_BY(mutex_);
  bool maintaining_ GUARDED_BY(mutex_) = false;  // a thread does the I/O of maintenance
  bool disk_full_ GUARDED_BY(mutex_) = false;    // the last attempt to prepare a spare found no room
  std::uint64_t next_number_ GUARDED_BY(mutex_) = 1;
  std::size_t set_aside_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Position, std::less<>> positions_ GUARDED_BY(mutex_);
  std::deque<TimeMark> time_marks_ GUARDED_BY(mutex_);
  std::int64_t time_mark_step_ GUARDED_BY(mutex_) = kTimeMarkStep;
};

}  // namespace audit::spool
