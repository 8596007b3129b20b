// What the process says to its caller, the same for every subcommand.
#pragma once

namespace audit::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // the thing asked for failed, was refused, or found damage
inline constexpr int kUsage = 2;   // the command line, the configuration or a file named there is wrong

}  // namespace audit::cli
