#include "spool/log_reader.h"

#include <algorithm>

namespace audit::spool {
namespace {

// How much is read ahead at once, whatever a caller asks for: a window below it costs calls, one
// above it memory.
constexpr std::size_t kSmallestWindow = 64U << 10;
constexpr std::size_t kLargestWindow = 8U << 20;

}  // namespace

Result<std::unique_ptr<Reader>> LogReader::Open(Log& log, const std::string& name) {
  if (auto claimed = log.ClaimReader(name); !claimed) return std::move(claimed).error();
  const std::string path = log.PositionPath(name);
  auto position = PositionFile::Open(log.files_, path, env::OpenMode::kReadWrite);
  if (!position) {
    const ErrorCode code = position.error().code();
    if (code == ErrorCode::kNotFound || code == ErrorCode::kCorrupt) {
      position = PositionFile::Create(log.files_, path, {log.FirstKept().value - 1});
    }
  }
  if (!position) {
    log.ReleaseReader(name);
    return std::move(position).error();
  }
  log.SetCommitted(name, position->committed());
  return std::unique_ptr<Reader>(std::make_unique<LogReader>(log, name, std::move(position).value()));
}

LogReader::LogReader(Log& log, std::string name, PositionFile position)
    : log_(log), name_(std::move(name)), position_(std::move(position)), next_{position_.committed().value + 1} {}

LogReader::~LogReader() { log_.ReleaseReader(name_); }

Result<std::span<const RecordView>> LogReader::Read(std::size_t max_records, std::size_t max_bytes) {
  views_.clear();
  // Ends with records, or where nothing more is synced; segments without a readable record are
  // passed on the way.
  while (views_.empty() && max_records != 0) {
    const auto place = log_.Locate(next_);
    if (!place) break;
    if (next_ < place->header.first) {
      Missing(*place->segment, next_, place->header.first, false);
      next_ = place->header.first;
    }
    if (segment_ != place->segment) {
      if (auto entered = Enter(*place); !entered) return std::move(entered).error();
    }
    scanner_->SetEnd(place->end_offset);
    if (auto read = ReadFrom(*place, max_records, max_bytes); !read) return std::move(read).error();
  }
  return std::span<const RecordView>(views_);
}

Result<void> LogReader::Enter(const Log::Place& place) {
  auto file = log_.files_.Open(log_.SegmentPath(place.header.number), env::OpenMode::kRead);
  if (!file) return std::move(file).error();
  scanner_.reset();
  file_ = std::move(file).value();
  scanner_.emplace(*file_, place.header);
  segment_ = place.segment;
  return {};
}

Result<void> LogReader::ReadFrom(const Log::Place& place, std::size_t max_records, std::size_t max_bytes) {
  const std::size_t window = std::clamp(max_bytes, kSmallestWindow, kLargestWindow);
  // Views are into the window, so it is only filled while none is out: at the start, when little is
  // left of it, so that a call is not cut short where the window happens to end.
  if (scanner_->buffered() < window / 2) {
    if (auto filled = scanner_->Fill(window); !filled) return filled;
  }
  std::size_t bytes = 0;
  while (next_ < place.end && views_.size() < max_records && (views_.empty() || bytes < max_bytes)) {
    switch (scanner_->Next()) {
      case RecordScanner::Step::kRecord: {
        const RecordScanner::Record& record = scanner_->record();
        // On the way from the segment's start to where this reader had got.
        if (record.header.sequence < next_) break;
        views_.push_back({record.header.sequence, record.header.appended_at, record.payload});
        bytes += record.payload.size();
        next_ = scanner_->expected();
        break;
      }
      case RecordScanner::Step::kWindowEnd:
        if (!views_.empty()) return {};
        if (auto filled = scanner_->Fill(window); !filled) return filled;
        break;
      case RecordScanner::Step::kInvalid:
        if (!views_.empty()) return {};
        if (auto stepped = StepOver(place); !stepped) return stepped;
        break;
    }
  }
  return {};
}

Result<void> LogReader::StepOver(const Log::Place& place) {
  const Sequence bad = scanner_->expected();
  auto found = scanner_->Resync({place.end.value - 1});
  if (!found) return std::move(found).error();
  const Sequence after = *found ? scanner_->expected() : place.end;
  Missing(*place.segment, std::max(bad, next_), after, true);
  next_ = std::max(next_, after);
  return {};
}

void LogReader::Missing(LogSegment& segment, Sequence first, Sequence end, bool inside) {
  if (first < end) {
    log_.ReportDamage(segment, {first, {end.value - 1}}, inside);
  } else if (inside) {
    log_.MarkDamaged(segment);  // reported when it was met, before this reader's position
  }
}

Result<void> LogReader::Commit(Sequence through) {
  if (through > log_.synced()) {
    return Error(ErrorCode::kInvalidArgument, "reader " + name_ + ": a position beyond what is synced");
  }
  if (through <= position_.committed()) return {};
  if (auto committed = position_.Commit(through); !committed) return committed;
  log_.SetCommitted(name_, through);
  return {};
}

void LogReader::Rewind() {
  views_.clear();
  next_ = {position_.committed().value + 1};
  segment_.reset();  // entered anew, from its start: positions know no offset
}

}  // namespace audit::spool
