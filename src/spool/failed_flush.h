// The last flush of a spool that failed, in a file beside its segments. The process that it happened to ends before
// anybody can look at its metrics; the one after it tells of it. Layout in docs/formats/spool.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "env/file_system.h"
#include "errors/result.h"
#include "time/unix_micros.h"

namespace audit::spool {

inline constexpr std::string_view kFailedFlushName = "failed_flush";
inline constexpr std::size_t kFailedFlushBytes = 512;  // a sector, which a power cut leaves whole

struct FailedFlush {
  time::UnixMicros at;
  std::string error;  // cut to what fits
};

// In the place of an earlier one. On a disk that has just failed a sync: what cannot be synced is there for the
// next process, but perhaps not after a power cut, and is no error. May hang for as long as the disk does.
Result<void> WriteFailedFlush(env::FileSystem& files, const std::string& directory, const FailedFlush& failed);

// Nothing: none failed. kCorrupt: it cannot be read; whoever knows what happened removes the file.
Result<std::optional<FailedFlush>> ReadFailedFlush(env::FileSystem& files, const std::string& directory);

}  // namespace audit::spool
