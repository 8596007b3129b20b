#include "store/sqlite/reading.h"

#include <sys/statvfs.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/sqlite/schema.h"

namespace audit::store {
namespace {

// A reader waits for no writer; only the recovery of a log that a crash left, or its reset, can hold it up.
constexpr std::chrono::milliseconds kBusyTimeout{5'000};

struct Opened {
  sqlite::Database database;
  std::int64_t version = 0;
};

Result<Opened> TryOpen(const std::string& path, sqlite::OpenMode mode) {
  auto database = sqlite::Database::Open(path, mode, kBusyTimeout);
  if (!database) return std::move(database).error();
  // Sorting stays in memory: where only data_dir can be written, there is no room for temporary files.
  if (auto set = database->Execute("PRAGMA temp_store=MEMORY"); !set) return std::move(set).error();
  // SQLite opens lazily: the first read is what fails.
  auto version = sqlite::SchemaVersion(*database, kDaySchema);
  if (!version) return std::move(version).error();
  return Opened{std::move(*database), *version};
}

bool OnReadOnlyFileSystem(const std::string& path) {
  struct statvfs status{};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

bool HasLog(const std::string& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path + "-wal", failure);
  return !failure && size > 0;
}

}  // namespace

Result<std::optional<sqlite::Database>> OpenDayForReading(const std::string& path) {
  auto opened = TryOpen(path, sqlite::OpenMode::kReadOnly);
  if (!opened && opened.error().code() == ErrorCode::kUnavailable) {
    // Readers of a write-ahead log share memory in a file beside it, which must be made. Without one
    // SQLite can read a file that cannot change under it, but not a log that is still beside it.
    if (!OnReadOnlyFileSystem(path)) {
      return Error(ErrorCode::kUnavailable,
                   opened.error().message() + ": read it as the user who runs the service, or read a copy");
    }
    if (HasLog(path)) {
      return Error(ErrorCode::kUnavailable, path +
                                                "-wal holds rows that cannot be read from a read-only file system: "
                                                "read a copy of the folder");
    }
    opened = TryOpen(path, sqlite::OpenMode::kImmutable);
  }
  if (!opened) {
    if (opened.error().code() == ErrorCode::kNotFound) return std::optional<sqlite::Database>();
    return std::move(opened).error();
  }
  if (opened->version == 0) return std::optional<sqlite::Database>();
  return std::optional(std::move(opened->database));
}

}  // namespace audit::store
