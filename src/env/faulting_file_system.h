// Passes calls on to another file system and breaks one of them on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/file_system.h"

namespace audit::env {

enum class Fault : std::uint8_t {
  kNone,
  kIoError,     // the call fails with kIo and does nothing; a failed write has taken a prefix
  kNoSpace,     // a write, an Allocate or an Open that creates fails with kNoSpace; other calls pass
  kShortWrite,  // a write takes half of its bytes and succeeds; other calls pass
  kCrash,       // the call and every later one fails: the process is dead
};

// Counts every call that touches the disk, from 1. Not for more than one thread at a time.
class FaultingFileSystem final : public FileSystem {
 public:
  explicit FaultingFileSystem(FileSystem& base) : base_(base) {}

  // Breaks call number `at` from now on counted; 0: none.
  void Arm(Fault fault, std::uint64_t at) {
    fault_ = fault;
    at_ = at;
    calls_ = 0;
  }
  // Called with the base's file whose Sync is about to fail with kIoError, so that a test can let it
  // drop what was not synced (MemoryFileSystem::DropUnsynced).
  void OnFailedSync(std::function<void(File& file)> failed_sync) { failed_sync_ = std::move(failed_sync); }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] bool struck() const { return at_ != 0 && calls_ >= at_; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }
  [[nodiscard]] std::uint64_t allocations() const { return allocations_; }

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<void> Rename(const std::string& from, const std::string& to) override;
  Result<void> Remove(const std::string& path) override;
  Result<void> CreateDirectories(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Result<void> SyncDirectory(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  friend class FaultingFile;
  // What is to happen to the call that begins now.
  Fault Next();
  [[nodiscard]] static Error Broken(Fault fault);

  FileSystem& base_;
  std::function<void(File&)> failed_sync_;
  Fault fault_ = Fault::kNone;
  std::uint64_t at_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t allocations_ = 0;
};

}  // namespace audit::env
