#include "spool/segment_scan.h"

#include <algorithm>
#include <deque>

#include "spool/record_scanner.h"

namespace audit::spool {
namespace {

constexpr std::size_t kScanWindow = 256U << 10;

// A place between two records.
struct Boundary {
  Sequence next;
  std::uint64_t offset = 0;
  std::uint64_t records = 0;
  std::uint64_t payload_bytes = 0;
};

// Valid records without a gap.
struct Run {
  Sequence first;
  Boundary end;
  Boundary whole;  // behind the last complete Append
};

class Scan {
 public:
  Scan(const env::File& file, const SegmentHeader& header, std::optional<Sequence> successor)
      : header_(header), successor_(successor), scanner_(file, header) {}

  Result<SegmentScan> Judge() {
    if (auto collected = Collect(); !collected) return std::move(collected).error();
    SegmentScan result = successor_ ? JudgeSealed() : JudgeTail();
    result.first_appended_at = first_appended_at_;
    result.unproven_offset =
        unproven_.empty() ? result.end_offset : std::min(unproven_.front().second, result.end_offset);
    return result;
  }

 private:
  // All runs up to the successor, and the highest sequence that a record in them proves synced.
  Result<void> Collect() {
    const Sequence last{successor_ ? successor_->value - 1 : UINT64_MAX};
    at_ = {header_.first, kHeaderBlockBytes, 0, 0};
    bool in_run = false;
    while (scanner_.expected() <= last) {
      switch (scanner_.Next()) {
        case RecordScanner::Step::kRecord:
          if (!in_run) runs_.push_back({scanner_.record().header.sequence, at_, at_});
          in_run = true;
          Take(scanner_.record());
          break;
        case RecordScanner::Step::kWindowEnd:
          if (auto filled = scanner_.Fill(kScanWindow); !filled) return filled;
          break;
        case RecordScanner::Step::kInvalid: {
          const Sequence missed = scanner_.expected();
          const std::uint64_t missed_at = scanner_.offset();
          torn_end_ = std::max(torn_end_, scanner_.torn_end());
          auto found = scanner_.Resync(last);
          if (!found) return std::move(found).error();
          if (!*found) return {};
          if (looked_twice_at_ != missed_at) {
            // Beside a running writer the later record may be younger than our first look at this
            // place; what is really missing is still missing now.
            looked_twice_at_ = missed_at;
            scanner_.Return(missed_at, missed);
            break;
          }
          in_run = false;
          at_.next = scanner_.expected();
          at_.offset = scanner_.offset();
          break;
        }
      }
    }
    return {};
  }

  void Take(const RecordScanner::Record& record) {
    const RecordHeader& header = record.header;
    if (at_.records == 0) first_appended_at_ = header.appended_at;
    at_ = {scanner_.expected(), scanner_.offset(), at_.records + 1, at_.payload_bytes + header.length};
    runs_.back().end = at_;
    if (!header.more_follows) runs_.back().whole = at_;
    // unsynced counts back from the record before this one.
    const std::uint64_t before = header.sequence.value - 1;
    proven_ = std::max(proven_, Sequence{before - std::min<std::uint64_t>(header.unsynced, before)});
    unproven_.emplace_back(header.sequence, record.offset);
    while (!unproven_.empty() && unproven_.front().first <= proven_) unproven_.pop_front();
  }

  SegmentScan JudgeSealed() const {
    SegmentScan result;
    Sequence expected = header_.first;
    for (const auto& run : runs_) {
      AddMissing(result, expected, run.first);
      expected = run.end.next;
      Keep(result, run.end);
    }
    AddMissing(result, expected, *successor_);
    result.next = *successor_;
    if (result.end_offset == 0) result.end_offset = kHeaderBlockBytes;
    return result;
  }

  SegmentScan JudgeTail() const {
    SegmentScan result;
    Boundary cut{header_.first, kHeaderBlockBytes, 0, 0};
    const Sequence behind_proven{proven_.value + 1};
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const auto& run = runs_[i];
      if (run.first > cut.next) {
        // Synced as far as proven_ goes: gone. What is missing behind it was never synced, and with
        // it falls everything that follows.
        AddMissing(result, cut.next, std::min(run.first, behind_proven));
        if (run.first > behind_proven) {
          cut.next = std::max(cut.next, behind_proven);
          break;
        }
      }
      // The last run that counts may end in the middle of an Append, whose rest was not synced.
      const bool goes_on = i + 1 < runs_.size() && run.end.next <= proven_;
      cut = goes_on || run.whole.next <= proven_ ? run.end : run.whole;
    }
    Keep(result, cut);
    result.next = cut.next;
    for (const auto& run : runs_) result.torn_records = result.torn_records || run.end.offset > cut.offset;
    const std::uint64_t remains_end = runs_.empty() ? torn_end_ : std::max(torn_end_, runs_.back().end.offset);
    if (remains_end > cut.offset) result.torn_bytes = remains_end - cut.offset;
    return result;
  }

  static void AddMissing(SegmentScan& result, Sequence from, Sequence to) {
    if (from < to) result.missing.push_back({from, {to.value - 1}});
  }

  static void Keep(SegmentScan& result, const Boundary& boundary) {
    result.records = boundary.records;
    result.payload_bytes = boundary.payload_bytes;
    result.end_offset = boundary.offset;
  }

  const SegmentHeader header_;
  const std::optional<Sequence> successor_;
  RecordScanner scanner_;
  Boundary at_;
  std::vector<Run> runs_;
  Sequence proven_;
  std::deque<std::pair<Sequence, std::uint64_t>> unproven_;  // sequence and offset, not yet proven synced
  std::uint64_t torn_end_ = 0;
  std::uint64_t looked_twice_at_ = 0;
  time::UnixMicros first_appended_at_;
};

}  // namespace

Result<SegmentScan> ScanSegment(const env::File& file, const SegmentHeader& header, std::optional<Sequence> successor) {
  return Scan(file, header, successor).Judge();
}

}  // namespace audit::spool
