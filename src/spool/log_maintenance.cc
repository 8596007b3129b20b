// The segments around the log's ends: spares ahead of the writer, and those behind every reader.
#include "spool/log.h"

namespace audit::spool {
bool Log::SpareIsUrgent() const {
  if (!spares_.empty()) return false;
  // The writer must find a spare when its segment is full. Up to half of it there is time to
  // pre-write one; then reserved room has to do.
  return writer_ == nullptr || append_offset_ > segments_.back()->header.segment_bytes / 2;
}

bool Log::OldestIsRecyclable() const {
  // The segment with the last synced record stays, whoever is past it: it carries the sequence.
  if (segments_.size() < 2) return false;
  const Sequence successor = segments_[1]->header.first;
  return successor <= synced_ && Delivered().value + 1 >= successor.value;
}

std::uint64_t Log::DiskBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment->header.segment_bytes;
  for (const auto& spare : spares_) bytes += spare.header.segment_bytes;
  return bytes;
}

SegmentHeader Log::NewSpareHeader() {
  SegmentHeader header;
  header.segment_bytes = options_.segment_bytes;
  header.number = next_number_++;
  header.salt = static_cast<std::uint32_t>(random_.Next() >> 32U);
  return header;
}

Result<void> Log::Maintain() { return ClaimMaintenance(Extent::kAll) ? MaintainClaimed(Extent::kAll) : Result<void>(); }

Result<void> Log::PrepareIfUrgent() {
  return ClaimMaintenance(Extent::kASpare) ? MaintainClaimed(Extent::kASpare) : Result<void>();
}

bool Log::ClaimMaintenance(Extent extent) {
  const env::MutexLock lock(mutex_);
  if (maintaining_ || failure_ || (extent == Extent::kASpare && !SpareIsUrgent())) return false;
  maintaining_ = true;
  return true;
}

Result<void> Log::MaintainClaimed(Extent extent) {
  Result<void> result;
  while (result) {
    Step step = Step::kNone;
    {
      const env::MutexLock lock(mutex_);
      step = NextStep(extent);
      if (step == Step::kNone) break;
    }
    result = step == Step::kRetire ? RetireOldest() : PrepareSpare();
  }
  const bool no_space = !result && result.error().code() == ErrorCode::kNoSpace;
  {
    const env::MutexLock lock(mutex_);
    maintaining_ = false;
    if (no_space) disk_full_ = true;
  }
  if (no_space) return {};
  if (!result && observer_ != nullptr) observer_->OnMaintenanceFailed(result.error());
  return result;
}

Log::Step Log::NextStep(Extent extent) {
  const bool recyclable = OldestIsRecyclable();
  const bool wanting = spares_.empty();
  if (extent == Extent::kASpare && !wanting) return Step::kNone;
  // Where somebody waits for a spare, a segment that has to be looked through first comes last.
  if (recyclable && (extent == Extent::kAll || segments_.front()->checked)) return Step::kRetire;
  if (!wanting) return Step::kNone;
  if (DiskBytes() + options_.segment_bytes <= options_.max_bytes) return Step::kPrepare;
  if (recyclable) return Step::kRetire;
  disk_full_ = true;
  return Step::kNone;
}

Result<void> Log::RetireOldest() {
  std::shared_ptr<LogSegment> oldest;
  SegmentHeader spare_header;
  bool recycle = false;
  bool damaged = false;
  {
    const env::MutexLock lock(mutex_);
    oldest = segments_.front();
    damaged = oldest->damaged;
    recycle = spares_.size() < kMaxSpares && oldest->header.segment_bytes == options_.segment_bytes;
    if (recycle) spare_header = NewSpareHeader();
  }
  const std::uint64_t number = oldest->header.number;
  if (!damaged && !oldest->checked) {
    auto scanned = CheckUnread(*oldest);
    if (!scanned) return std::move(scanned).error();
    damaged = *scanned;
  }

  // Oldest first, each step durable before the next: what a crash leaves is a log without a hole.
  std::optional<SpareSegment> spare;
  if (damaged) {
    if (auto moved = segment_files_.SetAside(number); !moved) return moved;
  } else {
    if (recycle) {
      auto made = segment_files_.Recycle(number, spare_header);
      if (made) {
        spare = std::move(made).value();
      } else if (observer_ != nullptr) {
        observer_->OnMaintenanceFailed(made.error());
      }
    }
    if (!spare) {
      if (auto removed = segment_files_.Remove(number); !removed) return removed;
    }
  }
  const env::MutexLock lock(mutex_);
  segments_.pop_front();
  if (damaged) ++set_aside_;
  if (spare) {
    spares_.push_back(*std::move(spare));
    disk_full_ = false;
  }
  return {};
}

Result<bool> Log::CheckUnread(LogSegment& segment) {
  // Damage that an earlier process found was known to it alone. Before a file is overwritten that
  // this one has not read, it is looked through once.
  Sequence successor;
  SegmentHeader header;
  {
    const env::MutexLock lock(mutex_);
    header = segment.header;
    successor = segments_[1]->header.first;
  }
  auto file = files_.Open(segment_files_.PathOf(header.number), env::OpenMode::kRead);
  if (!file) {
    // Removed by an attempt that failed behind that.
    if (file.error().code() == ErrorCode::kNotFound) return false;
    return std::move(file).error();
  }
  auto scan = ScanSegment(**file, header, successor);
  if (!scan) return std::move(scan).error();
  for (const MissingRange& missing : scan->missing) ReportDamage(segment, missing, true);
  const env::MutexLock lock(mutex_);
  segment.checked = true;
  return !scan->missing.empty();
}

Result<void> Log::PrepareSpare() {
  SegmentHeader header;
  {
    const env::MutexLock lock(mutex_);
    header = NewSpareHeader();
  }
  auto made = segment_files_.Create(header, [this] {
    const env::MutexLock lock(mutex_);
    return !SpareIsUrgent();
  });
  if (!made) return std::move(made).error();
  const env::MutexLock lock(mutex_);
  spares_.push_back(std::move(made).value());
  disk_full_ = false;
  return {};
}

}  // namespace audit::spool
