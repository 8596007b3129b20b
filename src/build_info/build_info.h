// What this binary is: its version, commit and time of build, compiled in through one small
// generated file, so that a new commit rebuilds that file and nothing else.
#pragma once

#include <string_view>

namespace audit {

struct BuildInfo {
  std::string_view service_version;  // "0.1.0"
  std::string_view build_time;       // RFC 3339, UTC
  std::string_view git_commit;       // 40 hex digits, "-dirty" behind them if the tree had changes; or "unknown"
};

[[nodiscard]] const BuildInfo& ThisBuild();

}  // namespace audit
