// Writes whole lines to a file descriptor that may have a slow reader, or none, without waiting long
// for it.
#pragma once

#include <chrono>
#include <string_view>

namespace audit::telemetry {

// One thread at a time.
class LineWriter {
 public:
  // `fd` stays the caller's. `patience` is how long one Write may wait for a reader.
  LineWriter(int fd, std::chrono::milliseconds patience) : fd_(fd), patience_(patience) {}

  // False when the line, or its end, is lost. After that it does not wait again before a write has
  // succeeded: a reader that hangs costs the process one `patience`, not one a line.
  bool Write(std::string_view line);

 private:
  bool WriteAll(std::string_view bytes);
  bool WaitUntilWritable();

  const int fd_;
  const std::chrono::milliseconds patience_;
  bool stuck_ = false;
  bool torn_ = false;  // the last line was cut off: the next starts with a line break
};

}  // namespace audit::telemetry
