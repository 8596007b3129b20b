#include "prewritten_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace audit::bench {

PrewrittenFile::PrewrittenFile(const std::string& directory, const std::string& name, std::uint64_t bytes)
    : path_(directory + "/" + name), size_(bytes), fd_(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path_);
  const std::string zeros(1U << 20, '\0');
  for (std::uint64_t at = 0; at < size_; at += zeros.size()) {
    WriteAll(std::string_view(zeros).substr(0, std::min<std::uint64_t>(zeros.size(), size_ - at)), at);
  }
  if (fsync(fd_) != 0) throw std::system_error(errno, std::generic_category(), "fsync " + path_);
}

PrewrittenFile::~PrewrittenFile() {
  close(fd_);
  unlink(path_.c_str());
}

void PrewrittenFile::AppendAndSync(std::string_view bytes) {
  if (position_ + bytes.size() > size_) position_ = 0;
  WriteAll(bytes, position_);
  if (fdatasync(fd_) != 0) throw std::system_error(errno, std::generic_category(), "fdatasync " + path_);
  position_ += bytes.size();
}

void PrewrittenFile::WriteAll(std::string_view bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) throw std::system_error(errno, std::generic_category(), "write " + path_);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

}  // namespace audit::bench
