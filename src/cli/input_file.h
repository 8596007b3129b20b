// A file or standard input, read from front to back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "errors/result.h"

namespace audit::cli {

// One thread at a time, but for `stopped`.
class InputFile {
 public:
  // "-" is standard input. The error names the path.
  static Result<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // 0: the input has ended, or `stopped` became true while waiting for more of it.
  Result<std::size_t> Read(std::span<char> into, const std::atomic<bool>& stopped);

  // Of a regular file; nullopt: nobody knows how much is to come.
  [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
  [[nodiscard]] bool is_terminal() const;

 private:
  InputFile(int fd, std::string name, std::optional<std::uint64_t> size);

  const int fd_;
  const std::string name_;
  const std::optional<std::uint64_t> size_;
};

}  // namespace audit::cli
