#include "env/faulting_file_system.h"

namespace audit::env {

class FaultingFile final : public File {
 public:
  FaultingFile(FaultingFileSystem& files, std::unique_ptr<File> base) : files_(files), base_(std::move(base)) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
    const Fault fault = files_.Next();
    if (fault == Fault::kIoError || fault == Fault::kCrash) return FaultingFileSystem::Broken(fault);
    return base_->ReadAt(offset, buffer);
  }

  Result<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
    const Fault fault = files_.Next();
    ++files_.writes_;
    const std::string_view half = bytes.substr(0, (bytes.size() + 1) / 2);
    switch (fault) {
      case Fault::kNone: return base_->WriteAt(offset, bytes);
      case Fault::kShortWrite: return base_->WriteAt(offset, half);
      case Fault::kNoSpace: return FaultingFileSystem::Broken(fault);
      case Fault::kIoError:
      case Fault::kCrash: break;
    }
    // What a failed or interrupted write left behind is anybody's guess: leave half of it.
    if (files_.calls_ == files_.at_) (void)base_->WriteAt(offset, half).ok();
    return FaultingFileSystem::Broken(fault);
  }

  Result<void> Sync() override {
    const Fault fault = files_.Next();
    ++files_.syncs_;
    if (fault == Fault::kIoError && files_.failed_sync_) files_.failed_sync_(*base_);
    if (fault == Fault::kIoError || fault == Fault::kCrash) return FaultingFileSystem::Broken(fault);
    return base_->Sync();
  }

  Result<void> Allocate(std::uint64_t size) override {
    const Fault fault = files_.Next();
    ++files_.allocations_;
    if (fault != Fault::kNone && fault != Fault::kShortWrite) return FaultingFileSystem::Broken(fault);
    return base_->Allocate(size);
  }

  [[nodiscard]] Result<std::uint64_t> Size() const override {
    const Fault fault = files_.Next();
    if (fault == Fault::kIoError || fault == Fault::kCrash) return FaultingFileSystem::Broken(fault);
    return base_->Size();
  }

 private:
  FaultingFileSystem& files_;
  std::unique_ptr<File> base_;
};

Fault FaultingFileSystem::Next() {
  ++calls_;
  if (at_ == 0 || calls_ < at_) return Fault::kNone;
  return calls_ == at_ || fault_ == Fault::kCrash ? fault_ : Fault::kNone;
}

Error FaultingFileSystem::Broken(Fault fault) {
  if (fault == Fault::kNoSpace) return {ErrorCode::kNoSpace, "injected: no space left on device"};
  return {ErrorCode::kIo, fault == Fault::kCrash ? "injected: the process is dead" : "injected: input/output error"};
}

namespace {
bool Fails(Fault fault) { return fault == Fault::kIoError || fault == Fault::kCrash; }
}  // namespace

Result<std::unique_ptr<File>> FaultingFileSystem::Open(const std::string& path, OpenMode mode) {
  const Fault fault = Next();
  if (Fails(fault) || (fault == Fault::kNoSpace && mode == OpenMode::kCreate)) return Broken(fault);
  Result<std::unique_ptr<File>> file = base_.Open(path, mode);
  if (!file) return file;
  return std::unique_ptr<File>(std::make_unique<FaultingFile>(*this, std::move(file).value()));
}

Result<void> FaultingFileSystem::Rename(const std::string& from, const std::string& to) {
  const Fault fault = Next();
  if (Fails(fault)) return Broken(fault);
  return base_.Rename(from, to);
}

Result<void> FaultingFileSystem::Remove(const std::string& path) {
  const Fault fault = Next();
  if (Fails(fault)) return Broken(fault);
  return base_.Remove(path);
}

Result<void> FaultingFileSystem::CreateDirectories(const std::string& path) {
  const Fault fault = Next();
  if (Fails(fault)) return Broken(fault);
  return base_.CreateDirectories(path);
}

Result<std::vector<std::string>> FaultingFileSystem::List(const std::string& directory) {
  const Fault fault = Next();
  if (Fails(fault)) return Broken(fault);
  return base_.List(directory);
}

Result<void> FaultingFileSystem::SyncDirectory(const std::string& directory) {
  const Fault fault = Next();
  ++syncs_;
  if (Fails(fault)) return Broken(fault);
  return base_.SyncDirectory(directory);
}

Result<std::unique_ptr<FileLock>> FaultingFileSystem::Lock(const std::string& path) {
  const Fault fault = Next();
  if (Fails(fault)) return Broken(fault);
  return base_.Lock(path);
}

}  // namespace audit::env
