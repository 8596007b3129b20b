// The life of a segment file outside the log: made or recycled, pre-written, named, set aside. Every
// step leaves the directory in a state that recovery understands (docs/formats/spool.md, "Files").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/file_system.h"
#include "errors/result.h"
#include "spool/segment_format.h"

namespace audit::spool {

inline constexpr std::string_view kSegmentSuffix = ".segment";
inline constexpr std::string_view kPreparingSuffix = ".preparing";
inline constexpr std::string_view kDamagedFolder = "damaged";
inline constexpr std::string_view kLockName = "lock";

// "0000000000000007.segment" is number 7.
[[nodiscard]] std::string SegmentName(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> NumberOf(std::string_view name, std::string_view suffix);

// Null when neither copy of the header is valid; that is no error of the call. A file shorter than
// it should be has the size that it has.
Result<std::optional<SegmentHeader>> ReadSegmentHeader(const env::File& file);

// A spare: on disk under its name, its room reserved, no record in it.
struct SpareSegment {
  SegmentHeader header;
  std::shared_ptr<env::File> file;
};

// One thread at a time.
class SegmentFiles {
 public:
  SegmentFiles(env::FileSystem& files, std::string directory) : files_(files), directory_(std::move(directory)) {}

  [[nodiscard]] std::string PathOf(std::uint64_t number) const { return directory_ + "/" + SegmentName(number); }

  // A new spare. Zeros are written into it as long as `in_no_hurry` says true: a sync into blocks
  // that were written before needs no metadata and takes half the time. kNoSpace leaves nothing behind.
  Result<SpareSegment> Create(SegmentHeader header, const std::function<bool()>& in_no_hurry);

  // Turns the file of segment `old_number`, whose records nobody needs, into a spare. After an error
  // that segment may be there still or not: Remove it.
  Result<SpareSegment> Recycle(std::uint64_t old_number, SegmentHeader header);

  // Deletes a segment whose records nobody needs. Durable; one that is gone already is fine.
  Result<void> Remove(std::uint64_t number);

  // Moves a segment into damaged/, where nothing touches it again.
  Result<void> SetAside(std::uint64_t number);

  // A file that an interrupted Create or Recycle left behind.
  Result<void> RemoveUnfinished(const std::string& name);

 private:
  [[nodiscard]] std::string PreparingPath(std::uint64_t number) const;
  Result<SpareSegment> Finish(std::unique_ptr<env::File> file, const SegmentHeader& header);

  env::FileSystem& files_;
  const std::string directory_;
};

}  // namespace audit::spool
