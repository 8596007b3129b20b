// The one error vocabulary: what went wrong, whether trying again can help, and a message that
// names what, where and what to do. HTTP statuses are made from it in api/, nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace audit {

enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  // the caller gave something that can never work
  kNotFound,         // the named thing does not exist
  kFull,             // a bound of ours is reached (queue, disk budget); room may come back
  kNoSpace,          // the operating system has no room (ENOSPC, EDQUOT)
  kIo,               // any other failed system call on a file or socket
  kCorrupt,          // stored bytes are not what was written
  kLocked,           // another process or connection holds it
  kUnavailable,      // the other side cannot be reached or is not ready
  kTimeout,          // a deadline passed
  kClosed,           // shutting down, or already failed for good
};

[[nodiscard]] std::string_view Name(ErrorCode code);

// Cheap to move; the message is for people: it says what failed, on what, and the remedy if one
// is known. Never holds a payload, an actor or a secret.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  // The error of a failed system call: `what` ("write data/spool/1.seg") plus the text of `errnum`.
  static Error FromErrno(int errnum, std::string_view what);

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // True where the same call may succeed later without anyone changing the input.
  [[nodiscard]] bool retryable() const;

 private:
  ErrorCode code_;
  std::string message_;
};

}  // namespace audit
