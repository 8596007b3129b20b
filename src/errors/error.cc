#include "errors/error.h"

#include <cerrno>
#include <system_error>

namespace audit {

std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kFull: return "full";
    case ErrorCode::kNoSpace: return "no_space";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kTimeout: return "timeout";
    case ErrorCode::kClosed: return "closed";
  }
  return "unknown";
}

Error Error::FromErrno(int errnum, std::string_view what) {
  ErrorCode code = ErrorCode::kIo;
  switch (errnum) {
    case ENOENT: code = ErrorCode::kNotFound; break;
    case ENOSPC:
    case EDQUOT: code = ErrorCode::kNoSpace; break;
    case EAGAIN:
    case EBUSY: code = ErrorCode::kLocked; break;
    case EINVAL: code = ErrorCode::kInvalidArgument; break;
    default: break;
  }
  return {code, std::string(what) + ": " + std::generic_category().message(errnum)};
}

bool Error::retryable() const {
  switch (code_) {
    case ErrorCode::kFull:
    case ErrorCode::kNoSpace:
    case ErrorCode::kLocked:
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return true;
    default: return false;
  }
}

}  // namespace audit
