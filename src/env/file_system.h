// The one seam to files. What an implementation owes is written at each call; the tests' versions
// (memory_file_system.h, faulting_file_system.h) keep the same promises and can break them on
// purpose. The durable sequences built from these calls are in durable.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "errors/result.h"

namespace audit::env {

// One open file. Any thread may call; calls on the same byte range are the caller's to order.
class File {
 public:
  virtual ~File() = default;
  // Reads up to buffer.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const = 0;
  // Writes at `offset` and says how many bytes it took, which may be fewer than given, at least 1.
  // On an error nothing is promised about the range.
  // Writing behind the end makes the file longer.
  virtual Result<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) = 0;
  // What was written before is on the device when this returns. A failure is terminal: the
  // kernel may have dropped the pages, so a second try could report success over lost data.
  virtual Result<void> Sync() = 0;
  // Reserves room for the first `size` bytes and makes the file at least that long (zeros): a
  // WriteAt inside them does not fail for want of room afterwards. kNoSpace when there is none.
  virtual Result<void> Allocate(std::uint64_t size) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> Size() const = 0;
};

// Held for as long as the object lives; released by the kernel when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode : std::uint8_t {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // read and write; made if missing (mode 0640), never truncated
};

// Paths are as the operating system takes them. Names are made durable by SyncDirectory alone.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // Replaces `to` in one step if it exists.
  virtual Result<void> Rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> Remove(const std::string& path) = 0;
  // Makes the folder and its missing parents; one that exists is fine.
  virtual Result<void> CreateDirectories(const std::string& path) = 0;
  // Names (not paths) of the entries, sorted; without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  virtual Result<void> SyncDirectory(const std::string& directory) = 0;
  // kLocked when another process (or another lock of this one) holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The operating system's. Lives for ever.
[[nodiscard]] FileSystem& PosixFileSystem();

// Writes all of `bytes`, continuing after short writes.
Result<void> WriteAllAt(File& file, std::uint64_t offset, std::string_view bytes);

// "a/b" of "a/b/c", "." of "c", "/" of "/c": the folder whose SyncDirectory makes the name durable.
[[nodiscard]] std::string ParentDirectory(const std::string& path);

}  // namespace audit::env
