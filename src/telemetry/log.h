// Operational events, one a line on stderr: JSON objects, or text for people. Never a payload, an
// actor or a secret; an audit event is named by its id and source (contract, section 7).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

namespace audit::telemetry {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kJson, kText };

struct LogField {
  std::string_view name;  // snake_case, with its unit: "took_ms"; not ts, level or message
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;
};

[[nodiscard]] std::optional<LogLevel> ParseLogLevel(std::string_view text);    // debug info warn error
[[nodiscard]] std::optional<LogFormat> ParseLogFormat(std::string_view text);  // json text

// Once, before other threads start. Without it: text, info.
void ConfigureLog(LogLevel level, LogFormat format);

// Any thread. `message` is a fixed sentence; what varies goes into fields. Never throws. When nobody
// reads stderr it waits 100 ms once, then drops lines until stderr takes some again, and says
// how many it dropped. Writing to a closed pipe raises SIGPIPE: a service ignores that signal.
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// Lines lost since the start. Any thread.
[[nodiscard]] std::uint64_t LogLinesDropped();

}  // namespace audit::telemetry
