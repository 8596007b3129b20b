// From a directory, in whatever state a crash left it, to a log that can be appended to. Runs before
// anyone else has the object; it takes the lock where the fields want it.
#include <algorithm>

#include "env/durable.h"
#include "spool/log.h"
#include "spool/position_file.h"
#include "spool/record_scanner.h"

namespace audit::spool {
namespace {

constexpr std::uint64_t kSmallestSegment = 16U << 10;
constexpr std::size_t kRewriteStep = 1U << 20;

Result<void> Validate(const Options& options) {
  const auto refuse = [](const std::string& what) { return Error(ErrorCode::kInvalidArgument, "spool: " + what); };
  if (options.directory.empty()) return refuse("no directory");
  if (options.segment_bytes < kSmallestSegment || options.segment_bytes % kHeaderBlockBytes != 0) {
    return refuse("segment_bytes must be a multiple of 4096 and at least 16384");
  }
  if (options.segment_bytes > UINT32_MAX) return refuse("segment_bytes must be below 4 GiB");
  if (options.max_bytes < 2 * options.segment_bytes) {
    return refuse("max_bytes must hold two segments, one in use and one spare");
  }
  for (const std::string& reader : options.readers) {
    if (reader.empty() || reader.find('/') != std::string::npos) return refuse("not a name for a reader: " + reader);
  }
  return {};
}

// Bytes that read well may be in the page cache only: after a sync that failed the kernel shows
// them, calls them clean and never writes them. So they are written once more before they count.
Result<void> WriteAgain(env::File& file, std::uint64_t from, std::uint64_t to) {
  std::string bytes;
  for (std::uint64_t at = from; at < to; at += bytes.size()) {
    bytes.resize(std::min<std::uint64_t>(kRewriteStep, to - at));
    auto got = file.ReadAt(at, bytes);
    if (!got) return std::move(got).error();
    bytes.resize(*got);
    if (bytes.empty()) break;
    if (auto put = env::WriteAllAt(file, at, bytes); !put) return put;
  }
  return file.Sync();
}

// 0 when the first record cannot be read.
Result<time::UnixMicros> FirstAppendedAt(const env::File& file, const SegmentHeader& header) {
  RecordScanner scanner(file, header);
  auto step = scanner.Next();
  while (step == RecordScanner::Step::kWindowEnd) {
    if (auto filled = scanner.Fill(kHeaderBlockBytes); !filled) return std::move(filled).error();
    step = scanner.Next();
  }
  return step == RecordScanner::Step::kRecord ? scanner.record().header.appended_at : time::UnixMicros{};
}

}  // namespace

Result<void> Log::Recover() {
  if (auto valid = Validate(options_); !valid) return valid;
  if (auto made = env::CreateDirectoryDurably(files_, options_.directory); !made) return made;
  auto locked = files_.Lock(options_.directory + "/" + std::string(kLockName));
  if (!locked) return std::move(locked).error();
  lock_ = std::move(locked).value();
  // Names that are there may not be durable: an earlier process may have died before it synced them.
  if (auto synced = files_.SyncDirectory(options_.directory); !synced) return synced;

  auto directory = ReadDirectory();
  if (!directory) return std::move(directory).error();
  if (auto loaded = LoadPositions(); !loaded) return loaded;
  if (auto taken = TakeSegments(std::move(directory->in_use)); !taken) return taken;
  if (auto moved = SetUnreadableAside(directory->unreadable); !moved) return moved;
  if (auto kept = KeepSpares(directory->spares); !kept) return kept;
  // The first segment. A full disk is no reason not to start: what is there must drain.
  return PrepareIfUrgent();
}

Result<Log::Directory> Log::ReadDirectory() {
  Directory directory;
  auto names = files_.List(options_.directory);
  if (!names) return std::move(names).error();
  std::vector<std::string> aside;
  if (std::find(names->begin(), names->end(), kDamagedFolder) != names->end()) {
    auto listed = files_.List(options_.directory + "/" + std::string(kDamagedFolder));
    if (!listed) return std::move(listed).error();
    aside = std::move(listed).value();
  }
  const env::MutexLock lock(mutex_);
  set_aside_ = aside.size();
  const auto seen = [this](std::uint64_t number)
                        REQUIRES(mutex_) { next_number_ = std::max(next_number_, number + 1); };
  for (const std::string& name : aside) {
    if (const auto number = NumberOf(name, kSegmentSuffix)) seen(*number);
  }
  for (const std::string& name : *names) {
    if (const auto number = NumberOf(name, kPreparingSuffix)) {
      seen(*number);
      if (auto removed = segment_files_.RemoveUnfinished(name); !removed) return std::move(removed).error();
    }
    const auto number = NumberOf(name, kSegmentSuffix);
    if (!number) continue;
    seen(*number);
    auto file = files_.Open(segment_files_.PathOf(*number), env::OpenMode::kReadWrite);
    if (!file) return std::move(file).error();
    auto header = ReadSegmentHeader(**file);
    if (!header) return std::move(header).error();
    if (!*header || (*header)->number != *number) {
      auto size = (*file)->Size();
      if (!size) return std::move(size).error();
      directory.unreadable.push_back({*number, *size});
    } else if ((*header)->first.value == 0) {
      directory.spares.push_back(**header);
    } else {
      directory.in_use.push_back({**header, std::move(file).value()});
    }
  }
  return directory;
}

Result<void> Log::LoadPositions() {
  for (const std::string& reader : options_.readers) {
    const auto file = PositionFile::Open(files_, PositionPath(reader), env::OpenMode::kRead);
    const bool lost = !file.ok() && file.error().code() == ErrorCode::kCorrupt;
    if (!file && !lost && file.error().code() != ErrorCode::kNotFound) return file.error();
    if (lost && observer_ != nullptr) observer_->OnPositionLost(reader);
    const env::MutexLock lock(mutex_);
    positions_[reader] = {file ? file->committed() : Sequence{}, false};
    // What a reader has dealt with existed, whatever the segments say.
    if (file) appended_ = std::max(appended_, file->committed());
  }
  return {};
}

Result<void> Log::TakeSegments(std::vector<FoundSegment> found) {
  Sequence slowest;
  {
    const env::MutexLock lock(mutex_);
    synced_ = appended_;
    slowest = Delivered();
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto segment = std::make_shared<LogSegment>();
    segment->header = found[i].header;
    segment->synced_end = found[i].header.segment_bytes;
    // One that every reader still has before it is read as a whole by this process.
    segment->checked = slowest < found[i].header.first;
    const bool tail = i + 1 == found.size();
    if (tail) return RecoverTail(std::move(segment), std::move(found[i].file));
    auto since = FirstAppendedAt(*found[i].file, found[i].header);
    if (!since) return std::move(since).error();
    const env::MutexLock lock(mutex_);
    segments_.push_back(std::move(segment));
    const Sequence last{found[i + 1].header.first.value - 1};
    if (since->value != 0) AddTimeMark({last, *since});
  }
  return {};
}

Result<void> Log::RecoverTail(const std::shared_ptr<LogSegment>& tail, std::shared_ptr<env::File> file) {
  auto scanned = ScanSegment(*file, tail->header, std::nullopt);
  if (!scanned) return std::move(scanned).error();
  const SegmentScan& scan = *scanned;
  // With its header when nothing in it is proven: that may have been part of the failed sync too.
  const std::uint64_t from = scan.unproven_offset == kHeaderBlockBytes ? 0 : scan.unproven_offset;
  if (auto again = WriteAgain(*file, from, scan.end_offset); !again) return again;

  Sequence last{scan.next.value - 1};
  std::vector<MissingRange> missing = scan.missing;
  {
    const env::MutexLock lock(mutex_);
    // A reader is past what the tail ends with: records that were synced are gone without a trace.
    if (appended_ > last) missing.push_back({scan.next, appended_});
    last = std::max(last, appended_);
    tail->synced_end = scan.end_offset;
    segments_.push_back(tail);
    appended_ = last;
    synced_ = last;
    synced_atomic_.store(last.value, std::memory_order_release);
    if (scan.records != 0) AddTimeMark({last, scan.first_appended_at});
    // Go on in this segment if it is sound. Valid records of a torn write behind the end would join
    // the log again as soon as new ones filled the gap before them: then it ends here, and the next
    // one has a salt of its own.
    if (missing.empty() && !scan.torn_records) {
      writer_ = std::move(file);
      append_offset_ = scan.end_offset;
    }
  }
  if (scan.torn_bytes != 0 && observer_ != nullptr) {
    observer_->OnTornTail(segment_files_.PathOf(tail->header.number), scan.torn_bytes);
  }
  for (const MissingRange& range : missing) ReportDamage(*tail, range, true);
  return {};
}

Result<void> Log::SetUnreadableAside(const std::vector<Unreadable>& files) {
  for (const Unreadable& file : files) {
    MissingRange missing;
    {
      const env::MutexLock lock(mutex_);
      ++set_aside_;
      if (segments_.empty() || file.number > segments_.back()->header.number) {
        // It was the tail, or a spare; its header would have told. So as many sequences as it can
        // have held are never used again, and the log ends where it ended before it.
        missing.first = {appended_.value + 1};
        appended_.value += file.bytes / kRecordHeaderBytes;
        missing.last = appended_;
        synced_ = appended_;
        synced_atomic_.store(appended_.value, std::memory_order_release);
        writer_ = nullptr;
        if (!segments_.empty()) segments_.back()->reported.push_back(missing);
      }
    }
    // One between two others: the readers find the hole, and know how large it is.
    if (missing.last > missing.first && observer_ != nullptr) {
      observer_->OnDamage(segment_files_.PathOf(file.number), missing.first, missing.last);
    }
    if (auto moved = segment_files_.SetAside(file.number); !moved) return moved;
  }
  return {};
}

Result<void> Log::KeepSpares(const std::vector<SegmentHeader>& found) {
  for (const SegmentHeader& old : found) {
    bool keep = false;
    SegmentHeader fresh;
    {
      const env::MutexLock lock(mutex_);
      keep = old.segment_bytes == options_.segment_bytes && spares_.size() < kMaxSpares &&
             DiskBytes() + old.segment_bytes <= options_.max_bytes;
      if (keep) fresh = NewSpareHeader();
    }
    if (!keep) {
      if (auto removed = segment_files_.Remove(old.number); !removed) return removed;
      continue;
    }
    // A crash may have cut off its first write and left records in it: a new salt buries them.
    auto spare = segment_files_.Recycle(old.number, fresh);
    if (!spare) return std::move(spare).error();
    const env::MutexLock lock(mutex_);
    spares_.push_back(std::move(spare).value());
  }
  return {};
}

}  // namespace audit::spool
