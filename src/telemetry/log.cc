#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "telemetry/line_writer.h"
#include "telemetry/log_line.h"

namespace audit::telemetry {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

std::string Render(LogFormat format, LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (format == LogFormat::kJson) return JsonMembers(level, message, fields);
  static const bool coloured = isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return TextLine(level, message, fields, coloured);
}

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  StderrSink() { SetFormat(LogFormat::kText); }

  void SetFormat(LogFormat format) {
    const char* const pattern =
        format == LogFormat::kJson ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %v";
    set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc, "\n"));
    format_ = format;
  }
  [[nodiscard]] LogFormat format() const { return format_; }

  void Drop() { dropped_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!Write(message)) {
      Drop();
      return;
    }
    const std::uint64_t lost = dropped() - reported_;
    if (lost == 0) return;
    reported_ += lost;
    const std::array fields{LogField{"lines", lost}};
    const std::string note = Render(format_, LogLevel::kWarn, "Log lines were dropped, nobody read them", fields);
    if (!Write({message.logger_name, spdlog::level::warn, note})) Drop();
  }

  bool Write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    return writer_.Write({line.data(), line.size()});
  }
  void flush_() override {}

  LogFormat format_ = LogFormat::kText;
  LineWriter writer_{STDERR_FILENO, kPatience};  // under the mutex of base_sink, like the two below
  std::uint64_t reported_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
};

struct Logger {
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>();
  spdlog::logger logger{"audit-manager", sink};

  Logger() {
    logger.set_error_handler([this](const std::string&) { sink->Drop(); });
  }
};

// Never destroyed: threads may log while the process exits.
Logger& TheLogger() {
  static Logger& logger = *new Logger;
  return logger;
}

// By LogLevel.
constexpr std::array kSpdlogLevels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

spdlog::level::level_enum SpdlogLevel(LogLevel level) { return kSpdlogLevels.at(static_cast<std::size_t>(level)); }

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warn") return LogLevel::kWarn;
  if (text == "error") return LogLevel::kError;
  return std::nullopt;
}

std::optional<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "json") return LogFormat::kJson;
  if (text == "text") return LogFormat::kText;
  return std::nullopt;
}

void ConfigureLog(LogLevel level, LogFormat format) {
  TheLogger().logger.set_level(SpdlogLevel(level));
  TheLogger().sink->SetFormat(format);
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  Logger& log = TheLogger();
  if (!log.logger.should_log(SpdlogLevel(level))) return;
  try {
    log.logger.log(SpdlogLevel(level),
                   spdlog::string_view_t(Render(log.sink->format(), level, message, {fields.begin(), fields.size()})));
  } catch (...) {  // out of memory: nothing that could be said without it
    log.sink->Drop();
  }
}

std::uint64_t LogLinesDropped() { return TheLogger().sink->dropped(); }

}  // namespace audit::telemetry
