// For tests: the disk of a running instance, whose syncs fail from a moment on. Any thread, unlike
// env::FaultingFileSystem.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/file_system.h"

namespace audit::instance {

class BreakableFileSystem final : public env::FileSystem {
 public:
  explicit BreakableFileSystem(env::FileSystem& base) : base_(base) {}

  void BreakSyncs() { broken_ = true; }

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override {
    auto opened = base_.Open(path, mode);
    if (!opened) return std::move(opened).error();
    return std::unique_ptr<env::File>(std::make_unique<BreakableFile>(std::move(*opened), broken_));
  }
  Result<void> Rename(const std::string& from, const std::string& to) override { return base_.Rename(from, to); }
  Result<void> Remove(const std::string& path) override { return base_.Remove(path); }
  Result<void> CreateDirectories(const std::string& path) override { return base_.CreateDirectories(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override { return base_.List(directory); }
  Result<void> SyncDirectory(const std::string& directory) override { return base_.SyncDirectory(directory); }
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string& path) override { return base_.Lock(path); }

 private:
  class BreakableFile final : public env::File {
   public:
    BreakableFile(std::unique_ptr<env::File> base, const std::atomic<bool>& broken)
        : base_(std::move(base)), broken_(broken) {}
    Result<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
      return base_->ReadAt(offset, buffer);
    }
    Result<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
      return base_->WriteAt(offset, bytes);
    }
    Result<void> Allocate(std::uint64_t bytes) override { return base_->Allocate(bytes); }
    Result<void> Sync() override {
      if (broken_) return Error(ErrorCode::kIo, "sync: broken by the test");
      return base_->Sync();
    }
    Result<std::uint64_t> Size() const override { return base_->Size(); }

   private:
    std::unique_ptr<env::File> base_;
    const std::atomic<bool>& broken_;
  };

  env::FileSystem& base_;
  std::atomic<bool> broken_{false};
};

}  // namespace audit::instance
