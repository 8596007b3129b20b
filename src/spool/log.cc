#include "spool/log.h"

#include <algorithm>
#include <array>
#include <limits>

namespace audit::spool {
namespace {

// A backlog of any length is described by so many marks: when there are more, each covers twice the
// time, and the age of the oldest record stays right to a half percent of the backlog's.
constexpr std::size_t kMaxTimeMarks = 1024;

// The checksums of an Append's payloads, computed outside the lock. Requests with one event, the
// hot path, need no memory for it.
class PayloadChecksums {
 public:
  explicit PayloadChecksums(std::span<const std::string_view> payloads) {
    if (payloads.size() > few_.size()) many_.resize(payloads.size());
    checksums_ = many_.empty() ? few_.data() : many_.data();
    for (std::size_t i = 0; i < payloads.size(); ++i) checksums_[i] = PayloadChecksum(payloads[i]);
  }
  PayloadChecksums(const PayloadChecksums&) = delete;
  PayloadChecksums& operator=(const PayloadChecksums&) = delete;
  [[nodiscard]] const std::uint32_t* data() const { return checksums_; }

 private:
  std::array<std::uint32_t, 16> few_;
  std::vector<std::uint32_t> many_;
  std::uint32_t* checksums_;
};

}  // namespace

Log::Log(env::FileSystem& files, env::Clock& clock, env::Random& random, Options options, Observer* observer)
    : files_(files),
      clock_(clock),
      options_(std::move(options)),
      observer_(observer),
      max_append_bytes_(options_.segment_bytes - kHeaderBlockBytes),
      segment_files_(files, options_.directory),
      random_(random) {}

AppendResult Log::Append(std::span<const std::string_view> payloads) {
  std::size_t bytes = 0;
  for (const std::string_view payload : payloads) {
    if (payload.size() > max_append_bytes_) return {AppendStatus::kTooLarge, {}};
    bytes += RecordBytes(payload.size());
  }
  if (bytes > max_append_bytes_) return {AppendStatus::kTooLarge, {}};
  const PayloadChecksums checksums(payloads);
  const time::UnixMicros now = clock_.Now();

  AppendResult result;
  bool was_empty = false;
  bool spare_is_gone = false;
  {
    const env::MutexLock lock(mutex_);
    was_empty = queue_.empty();
    result.status = Admit(payloads.size(), bytes);
    if (result.status == AppendStatus::kAccepted) AppendRecords(payloads, checksums.data(), now);
    result.last = appended_;
    spare_is_gone = spares_.empty();
  }
  if (spare_is_gone && maintenance_needed_) maintenance_needed_();
  if (result.status == AppendStatus::kAccepted && was_empty && work_available_) work_available_();
  return result;
}

AppendStatus Log::Admit(std::size_t records, std::size_t bytes) {
  if (closed_) return AppendStatus::kClosed;
  if (queued_records_ != 0 &&
      (queued_records_ + records > options_.queue_max_records || queued_bytes_ + bytes > options_.queue_max_bytes)) {
    return AppendStatus::kQueueFull;
  }
  // An Append lies in one segment, so that recovery can keep or drop it as a whole.
  if (writer_ == nullptr || append_offset_ + bytes > segments_.back()->header.segment_bytes) {
    // Only room that is reserved is given out: what was taken can never fail because the disk is full.
    if (spares_.empty()) return disk_full_ ? AppendStatus::kDiskFull : AppendStatus::kQueueFull;
    Roll();
  }
  return AppendStatus::kAccepted;
}

void Log::Roll() {
  SpareSegment spare = std::move(spares_.front());
  spares_.pop_front();
  spare.header.first = {appended_.value + 1};
  auto segment = std::make_shared<LogSegment>();
  segment->header = spare.header;
  writer_ = spare.file;
  queue_.extents.push_back({segment, spare.file, 0, queue_.bytes.size(), {}});
  segments_.push_back(std::move(segment));
  // The header that says "this segment is in use from sequence n on" travels with its first records:
  // until their sync returns the file is a spare, or a torn write, and either way holds nothing.
  const std::string block = EncodeSegmentHeader(spare.header);
  std::copy(block.begin(), block.end(), queue_.bytes.Extend(block.size()));
  append_offset_ = block.size();
}

void Log::AppendRecords(std::span<const std::string_view> payloads, const std::uint32_t* checksums,
                        time::UnixMicros now) {
  const std::shared_ptr<LogSegment>& segment = segments_.back();
  if (queue_.extents.empty()) queue_.extents.push_back({segment, writer_, append_offset_, queue_.bytes.size(), {}});
  if (queue_.empty()) queue_.first_appended_at = now;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const std::uint64_t unsynced = appended_.value - synced_.value;
    ++appended_.value;
    RecordHeader header;
    header.sequence = appended_;
    header.appended_at = now;
    header.unsynced = static_cast<std::uint32_t>(std::min<std::uint64_t>(unsynced, UINT32_MAX));
    header.more_follows = i + 1 < payloads.size();
    const std::uint64_t size = RecordBytes(payloads[i].size());
    EncodeRecord(queue_.bytes.Extend(size), header, checksums[i], segment->header.salt, payloads[i]);
    append_offset_ += size;
    queue_.record_bytes += size;
    queued_bytes_ += size;
  }
  queue_.extents.back().last = appended_;
  queue_.records += payloads.size();
  queued_records_ += payloads.size();
}

Result<bool> Log::Flush() {
  bool idle = false;
  {
    const env::MutexLock lock(mutex_);
    if (failure_) return *failure_;
    idle = queue_.empty();
    if (!idle) std::swap(queue_, in_flight_);
  }
  if (!idle) {
    if (auto written = WriteInFlight(); !written) {
      Fail(written.error());
      return std::move(written).error();
    }
    in_flight_.Clear();
  }
  // An error is the observer's to tell; nothing that was taken depends on it.
  (void)PrepareIfUrgent().ok();
  return !idle;
}

Result<void> Log::WriteInFlight() {
  const env::SteadyTime started = clock_.SteadyNow();
  const std::size_t extents = in_flight_.extents.size();
  for (std::size_t i = 0; i < extents; ++i) {
    const AppendQueue::Extent& extent = in_flight_.extents[i];
    if (auto put = env::WriteAllAt(*extent.file, extent.offset, in_flight_.BytesOf(i)); !put) return put;
    // A segment is on the device as a whole before its successor is begun: so only the last one can
    // have a torn tail, and recovery need not look at any other.
    if (i + 1 == extents) break;
    if (auto synced = extent.file->Sync(); !synced) return synced;
  }
  const env::SteadyTime written = clock_.SteadyNow();
  const Sequence last = in_flight_.last();
  {
    const env::MutexLock lock(mutex_);
    queued_records_ -= in_flight_.records;
    queued_bytes_ -= in_flight_.record_bytes;
  }
  for (ProgressListener* listener : listeners_) listener->OnWritten(last);

  // The commit point. A crash before it may lose all of this flush or any part of it, and nobody was
  // told that it is safe; after it nothing of it can be lost.
  if (auto synced = in_flight_.extents.back().file->Sync(); !synced) return synced;
  {
    const env::MutexLock lock(mutex_);
    synced_ = last;
    synced_atomic_.store(last.value, std::memory_order_release);
    for (std::size_t i = 0; i < extents; ++i) {
      const AppendQueue::Extent& extent = in_flight_.extents[i];
      extent.segment->synced_end = extent.offset + in_flight_.BytesOf(i).size();
    }
    AddTimeMark({last, in_flight_.first_appended_at});
  }
  for (ProgressListener* listener : listeners_) listener->OnSynced(last);
  if (observer_ != nullptr) {
    observer_->OnFlush(in_flight_.records, in_flight_.record_bytes, written - started, clock_.SteadyNow() - written);
  }
  return {};
}

void Log::Fail(const Error& error) {
  {
    const env::MutexLock lock(mutex_);
    closed_ = true;
    failure_ = error;
  }
  for (ProgressListener* listener : listeners_) listener->OnFailed(error);
}

void Log::Close() {
  const env::MutexLock lock(mutex_);
  closed_ = true;
}

void Log::AddTimeMark(TimeMark mark) {
  const Sequence delivered = Delivered();
  while (!time_marks_.empty() && time_marks_.front().last <= delivered) time_marks_.pop_front();
  if (time_marks_.empty()) time_mark_step_ = kTimeMarkStep;
  PushTimeMark(mark);
  while (time_marks_.size() > kMaxTimeMarks) {
    time_mark_step_ *= 2;
    std::deque<TimeMark> fine;
    fine.swap(time_marks_);
    for (const TimeMark& one : fine) PushTimeMark(one);
  }
}

void Log::PushTimeMark(TimeMark mark) {
  if (time_marks_.empty() || mark.since.value >= time_marks_.back().since.value + time_mark_step_) {
    time_marks_.push_back(mark);
    return;
  }
  // Joined under the older time, so that an age is never younger than the truth.
  time_marks_.back() = {mark.last, std::min(mark.since, time_marks_.back().since)};
}

Sequence Log::Delivered() const {
  Sequence slowest = synced_;
  for (const auto& [name, position] : positions_) slowest = std::min(slowest, position.committed);
  return slowest;
}

Stats Log::GetStats() const {
  const env::MutexLock lock(mutex_);
  Stats stats;
  stats.queued_records = queued_records_;
  stats.queued_bytes = queued_bytes_;
  stats.disk_bytes = DiskBytes();
  stats.segments = segments_.size() + spares_.size();
  stats.damaged_segments = set_aside_;
  for (const auto& segment : segments_) stats.damaged_segments += segment->damaged ? 1 : 0;
  stats.disk_full = disk_full_ && spares_.empty();
  stats.appended = appended_;
  stats.synced = synced_;
  stats.delivered = Delivered();
  const auto oldest = std::find_if(time_marks_.begin(), time_marks_.end(),
                                   [&](const TimeMark& mark) { return mark.last > stats.delivered; });
  if (oldest != time_marks_.end()) stats.oldest_undelivered = oldest->since;
  return stats;
}

std::string Log::PositionPath(const std::string& reader) const {
  return options_.directory + "/" + reader + ".position";
}

std::optional<Log::Place> Log::Locate(Sequence sequence) const {
  const env::MutexLock lock(mutex_);
  if (sequence > synced_ || segments_.empty()) return std::nullopt;
  auto next = std::find_if(segments_.begin(), segments_.end(),
                           [&](const auto& segment) { return segment->header.first > sequence; });
  // Before the first segment there is: what is missing lies in front of it.
  if (next == segments_.begin()) ++next;
  const std::shared_ptr<LogSegment>& segment = *std::prev(next);
  Sequence end{synced_.value + 1};
  if (next != segments_.end()) end = std::min(end, (*next)->header.first);
  return Place{segment, segment->header, segment->synced_end, end};
}

Result<void> Log::ClaimReader(const std::string& name) {
  const env::MutexLock lock(mutex_);
  const auto found = positions_.find(name);
  if (found == positions_.end()) {
    return Error(ErrorCode::kInvalidArgument, "reader " + name + " is not one of those that the spool was opened for");
  }
  if (found->second.claimed) return Error(ErrorCode::kLocked, "reader " + name + " is open already");
  found->second.claimed = true;
  return {};
}

void Log::ReleaseReader(const std::string& name) {
  const env::MutexLock lock(mutex_);
  positions_.find(name)->second.claimed = false;
}

void Log::SetCommitted(const std::string& name, Sequence through) {
  bool recyclable = false;
  {
    const env::MutexLock lock(mutex_);
    positions_.find(name)->second.committed = through;
    recyclable = OldestIsRecyclable();
  }
  if (recyclable && maintenance_needed_) maintenance_needed_();
}

Sequence Log::FirstKept() const {
  const env::MutexLock lock(mutex_);
  return segments_.empty() ? Sequence{synced_.value + 1} : segments_.front()->header.first;
}

void Log::MarkDamaged(LogSegment& segment) {
  const env::MutexLock lock(mutex_);
  segment.damaged = true;
}

void Log::ReportDamage(LogSegment& segment, MissingRange missing, bool inside) {
  {
    const env::MutexLock lock(mutex_);
    segment.damaged = segment.damaged || inside;
    for (const MissingRange& known : segment.reported) {
      if (known.first <= missing.first && missing.last <= known.last) return;
    }
    segment.reported.push_back(missing);
  }
  if (observer_ != nullptr) {
    observer_->OnDamage(SegmentPath(segment.header.number), missing.first, missing.last);
  }
}

}  // namespace audit::spool
