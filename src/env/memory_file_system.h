// Files in memory that know what a power cut would leave of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "env/file_system.h"
#include "env/mutex.h"
#include "env/random.h"

namespace audit::env {

// Keeps the promises of file_system.h and no more: bytes are durable after File::Sync, names after
// SyncDirectory. Any thread.
class MemoryFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> CreateDirectories(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<void> SyncDirectory(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  // The power is cut and comes back. Of every write not yet synced an arbitrary part is there, by
  // sectors of 512 bytes; of the names changed since the last SyncDirectory an arbitrary set of
  // the changes; a folder whose own name is lost takes along what is in it. Locks are gone. Files opened before must
  // not be used any more.
  void PowerCut(Random& random);
  // The process died: everything that was written is there. Locks are gone.
  void ProcessCrash();

  // What a failed sync does on Linux: the pages still read as written but count as clean, so no
  // later Sync takes them to the device; only writing them again does. `file` is one of this file system's.
  static void DropUnsynced(File& file);

  // The current bytes of a file, for tests that damage them; null when there is none.
  [[nodiscard]] std::string* Bytes(const std::string& path);

  // Room for all files together; a write that would pass it fails with kNoSpace.
  void SetCapacity(std::uint64_t bytes);

 private:
  friend class MemoryFile;
  friend class MemoryFileLock;

  struct Node {
    std::string now;      // what reads see
    std::string durable;  // what was there at the last Sync
    std::set<std::uint64_t> dirty_sectors;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  [[nodiscard]] std::uint64_t UsedLocked() const REQUIRES(mutex_);

  Mutex mutex_;
  Names names_ GUARDED_BY(mutex_);
  Names durable_names_ GUARDED_BY(mutex_);
  std::set<std::string> directories_ GUARDED_BY(mutex_);
  std::set<std::string> durable_directories_ GUARDED_BY(mutex_);
  std::set<std::string> locks_ GUARDED_BY(mutex_);
  std::uint64_t capacity_ GUARDED_BY(mutex_) = UINT64_MAX;
};

}  // namespace audit::env
