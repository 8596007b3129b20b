#include "telemetry/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>

namespace audit::telemetry {

bool LineWriter::Write(std::string_view line) {
  if (torn_) {
    if (!WriteAll("\n")) return false;
    torn_ = false;
  }
  return WriteAll(line);
}

// A pipe that poll calls writable takes PIPE_BUF bytes without blocking, and not one more for sure.
bool LineWriter::WriteAll(std::string_view bytes) {
  const std::size_t whole = bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = WaitUntilWritable() ? write(fd_, bytes.data(), bytes.substr(0, PIPE_BUF).size()) : -1;
    if (written < 0 && errno == EINTR) continue;
    stuck_ = written < 0;
    if (stuck_) {
      torn_ = torn_ || bytes.size() < whole;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool LineWriter::WaitUntilWritable() {
  pollfd wait{.fd = fd_, .events = POLLOUT, .revents = 0};
  const int ready = poll(&wait, 1, stuck_ ? 0 : static_cast<int>(patience_.count()));
  if (ready == 0) {
    stuck_ = true;
    errno = EAGAIN;
  }
  return ready > 0;
}

}  // namespace audit::telemetry
