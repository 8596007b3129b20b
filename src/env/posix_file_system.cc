#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "env/file_system.h"

namespace audit::env {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<char> buffer) const override {
    std::size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t got =
          ::pread(descriptor_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Error::FromErrno(errno, "read " + path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::size_t> WriteAt(std::uint64_t offset, std::string_view bytes) override {
    while (true) {
      const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno != EINTR) return Error::FromErrno(errno, "write " + path_);
    }
  }

  Result<void> Sync() override {
    // Not repeated, not even after EINTR: a sync that did not succeed has told all it will tell.
    if (::fdatasync(descriptor_) != 0) return Error::FromErrno(errno, "sync " + path_);
    return {};
  }

  Result<void> Allocate(std::uint64_t size) override {
    while (::fallocate(descriptor_, 0, 0, static_cast<off_t>(size)) != 0) {
      if (errno == EINTR) continue;
      if (errno == EOPNOTSUPP || errno == ENOSYS) return FillUpTo(size);
      return Error::FromErrno(errno, "allocate " + path_);
    }
    return {};
  }

  [[nodiscard]] Result<std::uint64_t> Size() const override {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return Error::FromErrno(errno, "stat " + path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  // For file systems that cannot reserve: only writing makes the room ours.
  Result<void> FillUpTo(std::uint64_t size) {
    const auto end = Size();
    if (!end) return end.error();
    const std::string zeros(1U << 20, '\0');
    for (std::uint64_t offset = *end; offset < size; offset += zeros.size()) {
      const std::uint64_t step = std::min<std::uint64_t>(zeros.size(), size - offset);
      if (auto put = WriteAllAt(*this, offset, std::string_view(zeros).substr(0, step)); !put) return put;
    }
    return {};
  }

  int descriptor_;
  std::string path_;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixFileLock() override { ::close(descriptor_); }
  PosixFileLock(const PosixFileLock&) = delete;
  PosixFileLock& operator=(const PosixFileLock&) = delete;

 private:
  int descriptor_;
};

class Posix final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::kRead: flags |= O_RDONLY; break;
      case OpenMode::kReadWrite: flags |= O_RDWR; break;
      case OpenMode::kCreate: flags |= O_RDWR | O_CREAT; break;
    }
    const int descriptor = ::open(path.c_str(), flags, 0640);
    if (descriptor < 0) return Error::FromErrno(errno, "open " + path);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
  }

  Result<void> Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return Error::FromErrno(errno, "rename " + from + " to " + to);
    return {};
  }

  Result<void> Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return Error::FromErrno(errno, "remove " + path);
    return {};
  }

  Result<void> CreateDirectories(const std::string& path) override {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    if (failure) return Error::FromErrno(failure.value(), "make folder " + path);
    return {};
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    std::error_code failure;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entries(directory, failure);
    for (; !failure && entries != std::filesystem::directory_iterator(); entries.increment(failure)) {
      names.push_back(entries->path().filename().string());
    }
    if (failure) return Error::FromErrno(failure.value(), "list " + directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> SyncDirectory(const std::string& directory) override {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return Error::FromErrno(errno, "open folder " + directory);
    const int failed = ::fsync(descriptor) != 0 ? errno : 0;
    ::close(descriptor);
    if (failed != 0) return Error::FromErrno(failed, "sync folder " + directory);
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) return Error::FromErrno(errno, "open " + path);
    // flock belongs to the open file, not to the process: a second lock of our own is refused too.
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int failed = errno;
      ::close(descriptor);
      if (failed == EWOULDBLOCK) return Error(ErrorCode::kLocked, path + " is held by another process");
      return Error::FromErrno(failed, "lock " + path);
    }
    return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(descriptor));
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static Posix posix;
  return posix;
}

}  // namespace audit::env
