#include "cli/report.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "telemetry/log.h"

namespace audit::cli {
namespace {

bool report_json = false;  // set while the command line is parsed, before other threads

void Report(telemetry::LogLevel level, std::string_view message) {
  if (report_json) {
    telemetry::Log(level, "command", {{"text", message}});
    return;
  }
  const bool warning = level == telemetry::LogLevel::kWarn;
  const ColourCodes codes = CodesOf(warning ? Colour::kYellow : Colour::kRed, STDERR_FILENO);
  std::string line = "audit-manager: ";
  line.append(codes.begin).append(warning ? "warning: " : "").append(message).append(codes.end).append("\n");
  std::fputs(line.c_str(), stderr);
}

}  // namespace

void SetReportFormat(std::string_view format) {
  report_json = format == "json";
  telemetry::ConfigureLog(telemetry::LogLevel::kInfo,
                          report_json ? telemetry::LogFormat::kJson : telemetry::LogFormat::kText);
}

void ReportFailure(std::string_view message) { Report(telemetry::LogLevel::kError, message); }
void ReportFailure(const Error& error) { ReportFailure(error.message()); }
void ReportWarning(std::string_view message) { Report(telemetry::LogLevel::kWarn, message); }

int ExitCodeOf(const Error& error) { return error.code() == ErrorCode::kInvalidArgument ? kUsage : kFailed; }

}  // namespace audit::cli
