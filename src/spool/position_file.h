// How far a reader has dealt with the log, in a file of its own that is changed in place. Layout in
// docs/formats/spool.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "env/file_system.h"
#include "errors/result.h"
#include "spool/sequence.h"

namespace audit::spool {

inline constexpr std::string_view kPositionMagic = "AMSPOSN\n";
inline constexpr std::string_view kPositionSuffix = ".position";
// Two slots, each in a page of its own: a torn write of one leaves the other.
inline constexpr std::size_t kPositionSlotBytes = 4096;
inline constexpr std::size_t kPositionSlotUsedBytes = 32;

// One thread at a time.
class PositionFile {
 public:
  // kNotFound: there is none. kCorrupt: neither slot is valid.
  static Result<PositionFile> Open(env::FileSystem& files, const std::string& path, env::OpenMode mode);
  // Makes it, or puts a fresh one in the place of one that is corrupt.
  static Result<PositionFile> Create(env::FileSystem& files, const std::string& path, Sequence committed);

  // Durable when it returns. One write and one sync. After an error the position on disk is the old
  // or the new one, and the next Commit writes the same slot again.
  Result<void> Commit(Sequence through);
  [[nodiscard]] Sequence committed() const { return committed_; }

 private:
  PositionFile(std::unique_ptr<env::File> file, std::uint64_t counter, Sequence committed)
      : file_(std::move(file)), counter_(counter), committed_(committed) {}

  std::unique_ptr<env::File> file_;
  std::uint64_t counter_;  // of the newest slot; it lies in slot counter % 2
  Sequence committed_;
};

// A whole slot of kPositionSlotBytes.
[[nodiscard]] std::string EncodePositionSlot(std::uint64_t counter, Sequence committed);

}  // namespace audit::spool
