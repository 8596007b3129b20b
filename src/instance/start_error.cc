#include "instance/start_error.h"

#include <string_view>

namespace audit::instance {
namespace {

std::string_view RemedyOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kLocked:
      return "another instance is using this data directory: stop it, or give this one its own (--data-dir)";
    case ErrorCode::kNoSpace:
    case ErrorCode::kFull: return "the disk is full: make room, or set spool.max_bytes and spool.segment_bytes lower";
    case ErrorCode::kCorrupt:
      return "what is stored there is damaged: see `audit-manager spool inspect` and docs/formats/spool.md";
    case ErrorCode::kInvalidArgument: return "the configuration does not fit";
    default: return "make it a directory that this user may write to, or choose another (--data-dir)";
  }
}

}  // namespace

Error ExplainDataError(const Error& error, const std::string& data_dir) {
  return {error.code(), error.message() + "; data directory " + data_dir + ": " + std::string(RemedyOf(error.code()))};
}

}  // namespace audit::instance
