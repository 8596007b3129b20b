#include "spool/failed_flush.h"

#include <algorithm>

#include "time/rfc3339.h"

namespace audit::spool {
namespace {

std::string PathIn(const std::string& directory) { return directory + "/" + std::string(kFailedFlushName); }

}  // namespace

Result<void> WriteFailedFlush(env::FileSystem& files, const std::string& directory, const FailedFlush& failed) {
  std::string line = time::FormatMicros(failed.at) + " " + failed.error;
  std::ranges::replace(line, '\n', ' ');
  // Always as long, so that nothing is left of an earlier one. In place and not by a rename: what could be durable
  // before the rename is just what fails now.
  line.resize(kFailedFlushBytes - 1, ' ');
  line += '\n';
  auto file = files.Open(PathIn(directory), env::OpenMode::kCreate);
  if (!file) return std::move(file).error();
  if (auto written = env::WriteAllAt(**file, 0, line); !written) return written;
  (void)(*file)->Sync().ok();
  (void)files.SyncDirectory(directory).ok();
  return {};
}

Result<std::optional<FailedFlush>> ReadFailedFlush(env::FileSystem& files, const std::string& directory) {
  const std::string path = PathIn(directory);
  auto file = files.Open(path, env::OpenMode::kRead);
  if (!file && file.error().code() == ErrorCode::kNotFound) return std::optional<FailedFlush>();
  if (!file) return std::move(file).error();
  std::string line(kFailedFlushBytes, '\0');
  const auto got = (*file)->ReadAt(0, line);
  if (!got) return got.error();
  line.resize(std::min(*got, line.find('\n')));
  line.resize(line.find_last_not_of(' ') + 1);
  const std::size_t space = line.find(' ');
  const auto at = time::ParseRfc3339(std::string_view(line).substr(0, space));
  if (!at || space == std::string::npos) {
    return Error(ErrorCode::kCorrupt, path + ": does not begin with the time of a flush that failed; remove it");
  }
  return std::optional(FailedFlush{.at = *at, .error = line.substr(space + 1)});
}

}  // namespace audit::spool
