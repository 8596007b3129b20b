#include "cli/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace audit::cli {
namespace {

constexpr int kStopCheckMs = 100;

}  // namespace

InputFile::InputFile(int fd, std::string name, std::optional<std::uint64_t> size)
    : fd_(fd), name_(std::move(name)), size_(size) {}

InputFile::~InputFile() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

Result<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  const int fd = standard ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status{};
  if (fd < 0 || fstat(fd, &status) != 0) return Error::FromErrno(errno, "open " + name);
  if (S_ISDIR(status.st_mode)) {
    if (!standard) close(fd);
    return Error::FromErrno(EISDIR, "open " + name);
  }
  std::optional<std::uint64_t> size;
  if (S_ISREG(status.st_mode)) size = static_cast<std::uint64_t>(status.st_size);
  return std::unique_ptr<InputFile>(new InputFile(fd, name, size));
}

Result<std::size_t> InputFile::Read(std::span<char> into, const std::atomic<bool>& stopped) {
  while (!stopped.load(std::memory_order_relaxed)) {
    pollfd waiting{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, kStopCheckMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = read(fd_, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return Error::FromErrno(errno, "read " + name_);
  }
  return std::size_t{0};
}

bool InputFile::is_terminal() const { return isatty(fd_) == 1; }

}  // namespace audit::cli
