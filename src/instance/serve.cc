#include "instance/serve.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "instance/instance.h"
#include "instance/signals.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

constexpr int kClean = 0;
constexpr int kFailed = 1;

// How long answers that nothing can be kept any more have to get out.
constexpr std::chrono::seconds kGraceAfterFailure{1};

void ConfigureLog(const config::Config::Logging& logging) {
  telemetry::ConfigureLog(telemetry::ParseLogLevel(logging.level).value_or(LogLevel::kInfo),
                          telemetry::ParseLogFormat(logging.format).value_or(telemetry::LogFormat::kJson));
}

void ReloadTls(Instance& instance, const config::Config::Http& config) {
  if (config.tls_certificate_file.empty()) return;
  const Result<void> reloaded = instance.ReloadTls();
  if (reloaded) {
    Log(LogLevel::kInfo, "certificate and key were read again");
  } else {
    Log(LogLevel::kError, "certificate and key stay as they were", {{"error", reloaded.error().message()}});
  }
}

// Stops in good order; a second SIGTERM or SIGINT ends the process as soon as the queue is on disk.
void Stop(Instance& instance, Signals& signals, std::chrono::milliseconds grace) {
  std::thread impatience([&] {
    Signal signal = signals.Wait();
    while (signal == Signal::kReload) signal = signals.Wait();
    if (signal == Signal::kInterrupt) return;
    Log(LogLevel::kWarn, "a second signal: stopping without waiting; what was accepted is kept");
    instance.SyncForExit();
    std::_Exit(kClean);
  });
  instance.Stop(grace);
  signals.Interrupt();
  impatience.join();
}

}  // namespace

int Serve(const config::Loaded& loaded) {
  ConfigureLog(loaded.config.logging);
  for (const std::string& warning : loaded.warnings) Log(LogLevel::kWarn, "configuration", {{"warning", warning}});

  Signals signals;
  std::atomic<bool> failed{false};
  Result<std::unique_ptr<Instance>> started = Instance::Start(loaded, [&] {
    failed = true;
    signals.Interrupt();
  });
  if (!started) {
    Log(LogLevel::kError, "the start failed", {{"error", started.error().message()}});
    return kFailed;
  }
  Instance& instance = **started;

  Signal signal = signals.Wait();
  for (; signal == Signal::kReload; signal = signals.Wait()) ReloadTls(instance, loaded.config.http);
  if (!failed) Log(LogLevel::kInfo, "stopping");
  Stop(instance, signals, failed ? kGraceAfterFailure : loaded.config.shutdown_grace);
  Log(failed ? LogLevel::kError : LogLevel::kInfo, "stopped");
  return failed ? kFailed : kClean;
}

}  // namespace audit::instance
