// What goes wrong, told on standard error: `audit-manager: <what>: <where>: <what to do>`, or as one
// JSON object a line after --log-format json.
#pragma once

#include <string_view>

#include "errors/error.h"

namespace audit::cli {

// Before anything is reported; "json" or "text".
void SetReportFormat(std::string_view format);

// One line for a failure that ends the command or a part of it. Any thread.
void ReportFailure(std::string_view message);
void ReportFailure(const Error& error);

// One line that people should see though the command goes on. Any thread.
void ReportWarning(std::string_view message);

// kUsage for errors of what the caller gave, kFailed for all others.
[[nodiscard]] int ExitCodeOf(const Error& error);

}  // namespace audit::cli
