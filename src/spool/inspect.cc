#include "spool/inspect.h"

#include <algorithm>

#include "spool/position_file.h"
#include "spool/segment_files.h"
#include "time/rfc3339.h"

namespace audit::spool {
namespace {

// Beside a running instance a look may fail; damage is what is still there at the last one.
constexpr int kMostLooks = 10;

bool NotFound(const Error& error) { return error.code() == ErrorCode::kNotFound; }

class Inspector {
 public:
  Inspector(env::FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  Result<Inspection> Run() {
    // Positions before segments: a running instance moves them on, and then they would be ahead of
    // what was seen of the log.
    auto names = files_.List(directory_);
    if (!names) return std::move(names).error();
    if (auto read = ReadPositions(*names); !read) return std::move(read).error();
    names = files_.List(directory_);
    if (!names) return std::move(names).error();
    if (auto read = ReadHeaders(*names); !read) return std::move(read).error();
    if (auto scanned = ScanSegments(); !scanned) return std::move(scanned).error();
    if (auto compared = ComparePositions(*names); !compared) return std::move(compared).error();
    if (auto failed = ReadFailedFlush(files_, directory_); failed) result_.failed_flush = std::move(failed).value();
    return std::move(result_);
  }

  // A running instance recycled a segment between two looks, so what was seen does not belong together.
  [[nodiscard]] bool moved() const { return moved_; }

 private:
  Result<void> ReadPositions(const std::vector<std::string>& names) {
    result_.positions.clear();
    for (const std::string& name : names) {
      if (!name.ends_with(kPositionSuffix)) continue;
      const auto file = PositionFile::Open(files_, directory_ + "/" + name, env::OpenMode::kRead);
      InspectedPosition position;
      position.reader = name.substr(0, name.size() - kPositionSuffix.size());
      if (file) {
        position.committed = file->committed();
      } else if (file.error().code() != ErrorCode::kCorrupt) {
        return file.error();
      }
      result_.positions.push_back(std::move(position));
    }
    return {};
  }

  Result<void> ReadHeaders(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (NumberOf(name, kPreparingSuffix)) result_.unfinished.push_back(name);
      if (name == kDamagedFolder) {
        auto aside = files_.List(directory_ + "/" + name);
        if (!aside) return std::move(aside).error();
        result_.set_aside = std::move(aside).value();
      }
      if (!NumberOf(name, kSegmentSuffix)) continue;
      auto header = HeaderOf(name);
      // The second look is for a file that was being recycled under its old name at the first.
      if (header && !*header) header = HeaderOf(name);
      if (!header && NotFound(header.error())) {
        moved_ = true;
        continue;
      }
      if (!header) return std::move(header).error();
      if (!*header) {
        result_.unreadable.push_back(name);
        continue;
      }
      result_.disk_bytes += (*header)->segment_bytes;
      if ((*header)->first.value == 0) {
        result_.spares.push_back(name);
      } else {
        result_.segments.push_back({name, **header, {}});
      }
    }
    return {};
  }

  // Nothing where the header is not valid or is not this file's.
  Result<std::optional<SegmentHeader>> HeaderOf(const std::string& name) {
    auto file = files_.Open(directory_ + "/" + name, env::OpenMode::kRead);
    if (!file) return std::move(file).error();
    auto header = ReadSegmentHeader(**file);
    if (header && *header && (*header)->number != NumberOf(name, kSegmentSuffix)) return std::optional<SegmentHeader>();
    return header;
  }

  Result<void> ScanSegments() {
    std::vector<InspectedSegment> scanned;
    for (std::size_t i = 0; i < result_.segments.size(); ++i) {
      InspectedSegment& segment = result_.segments[i];
      std::optional<Sequence> successor;
      if (i + 1 < result_.segments.size()) successor = result_.segments[i + 1].header.first;
      auto file = files_.Open(directory_ + "/" + segment.name, env::OpenMode::kRead);
      if (!file && NotFound(file.error())) {
        moved_ = true;
        continue;
      }
      if (!file) return std::move(file).error();
      auto scan = ScanSegment(**file, segment.header, successor);
      if (!scan) return std::move(scan).error();
      // Recycled while we read: what we saw were two lives of one file.
      auto header = HeaderOf(segment.name);
      if (header ? !*header || (*header)->salt != segment.header.salt : NotFound(header.error())) {
        moved_ = true;
        continue;
      }
      segment.scan = std::move(scan).value();
      Count(segment.scan);
      scanned.push_back(std::move(segment));
    }
    result_.segments = std::move(scanned);
    return {};
  }

  void Count(const SegmentScan& scan) {
    result_.records += scan.records;
    result_.payload_bytes += scan.payload_bytes;
    result_.torn_bytes += scan.torn_bytes;
    result_.next = scan.next;
    for (const MissingRange& missing : scan.missing) result_.missing.push_back(missing);
  }

  Result<void> ComparePositions(const std::vector<std::string>& names) {
    Sequence furthest;
    for (const InspectedPosition& position : result_.positions) {
      furthest = std::max(furthest, position.committed.value_or(Sequence{}));
    }
    if (result_.segments.empty()) {
      result_.next = {furthest.value + 1};
      return {};
    }
    if (furthest >= result_.next) {
      result_.missing.push_back({result_.next, furthest});
      result_.next = {furthest.value + 1};
    }
    // Segments may have been recycled since the positions were read; never past newer ones.
    if (auto again = ReadPositions(names); !again) return again;
    const Sequence oldest = result_.segments.front().header.first;
    for (const InspectedPosition& position : result_.positions) {
      if (position.committed && position.committed->value + 1 < oldest.value) {
        const MissingRange missing{{position.committed->value + 1}, {oldest.value - 1}};
        result_.missing.insert(result_.missing.begin(), missing);
      }
    }
    return {};
  }

  env::FileSystem& files_;
  const std::string directory_;
  Inspection result_;
  bool moved_ = false;
};

std::string Range(Sequence first, Sequence last) {
  if (first > last) return "empty";
  if (first == last) return std::to_string(first.value);
  return std::to_string(first.value) + " to " + std::to_string(last.value);
}

void ListNames(std::string& text, std::string_view what, const std::vector<std::string>& names) {
  for (const std::string& name : names) text.append(what).append(name).append("\n");
}

}  // namespace

bool Inspection::damaged() const {
  const bool position_damaged = std::any_of(positions.begin(), positions.end(),
                                            [](const InspectedPosition& position) { return !position.committed; });
  return position_damaged || !missing.empty() || !unreadable.empty() || !set_aside.empty();
}

Result<Inspection> Inspect(env::FileSystem& files, const std::string& directory) {
  for (int looks = 1;; ++looks) {
    Inspector inspector(files, directory);
    auto inspection = inspector.Run();
    if (!inspection || !inspection->damaged() || !inspector.moved() || looks == kMostLooks) return inspection;
  }
}

std::string ToText(const Inspection& inspection) {
  std::string text;
  for (const InspectedSegment& segment : inspection.segments) {
    text += "segment  " + segment.name + "  " + Range(segment.header.first, {segment.scan.next.value - 1}) + "  " +
            std::to_string(segment.scan.records) + " records  " + std::to_string(segment.scan.payload_bytes) +
            " bytes\n";
  }
  ListNames(text, "spare    ", inspection.spares);
  ListNames(text, "left by an interrupted preparation, cleared away at the next start: ", inspection.unfinished);
  for (const InspectedPosition& position : inspection.positions) {
    text += "reader   " + position.reader + "  ";
    text += position.committed ? "dealt with " + std::to_string(position.committed->value) + " of " +
                                     std::to_string(inspection.next.value - 1) + "\n"
                               : "DAMAGED: neither slot of its position file is valid\n";
  }
  if (inspection.torn_bytes != 0) {
    text += "an unfinished write of " + std::to_string(inspection.torn_bytes) +
            " bytes at the end, never acknowledged as synced: not damage\n";
  }
  if (inspection.failed_flush) {
    text += "an earlier process ended because a flush failed, at " + time::FormatMicros(inspection.failed_flush->at) +
            ": " + inspection.failed_flush->error + "; is the disk in order?\n";
  }
  for (const MissingRange& missing : inspection.missing) {
    text += "DAMAGED: records " + Range(missing.first, missing.last) + " were synced and cannot be read\n";
  }
  ListNames(text, "DAMAGED: no valid header in ", inspection.unreadable);
  ListNames(text, "DAMAGED: set aside earlier, remove it when it was dealt with: damaged/", inspection.set_aside);
  text += std::to_string(inspection.records) + " records, " + std::to_string(inspection.payload_bytes) + " bytes, " +
          std::to_string(inspection.disk_bytes) + " bytes on disk: " + (inspection.damaged() ? "damaged\n" : "sound\n");
  return text;
}

}  // namespace audit::spool
