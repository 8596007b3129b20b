#include "instance/serve.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "instance/heartbeat.h"
#include "instance/instance.h"
#include "instance/signals.h"
#include "instance/supervisor.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

constexpr int kClean = 0;
constexpr int kFailed = 1;

// How long answers that nothing can be kept any more have to get out.
constexpr std::chrono::seconds kGraceAfterFailure{1};

// What a stop may take beyond its grace, with a slow disk or a broker that is away.
constexpr std::chrono::seconds kLastSteps{15};

// The grace ends the waiting, not what is under way: a statement of PostgreSQL has its own time-out, and a connection
// may have one for this batch and one for the next.
std::chrono::milliseconds LongestStop(const config::Config& config, std::chrono::milliseconds grace) {
  std::chrono::milliseconds longest = grace + kLastSteps;
  if (config.store_backend == config::StoreBackend::kPostgres) {
    longest += config.database.connect_timeout + 2 * config.database.statement_timeout;
  }
  return longest;
}

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

// Returns when the service is to stop.
void WaitForTheEnd(Instance& instance, Signals& signals, const Supervisor& supervisor,
                   const config::Config::Http& config) {
  supervisor.Ready();
  const Heartbeat heartbeat(supervisor, instance);
  while (signals.Wait() == Signal::kReload) {
    supervisor.Reloading();
    ReloadTls(instance, config);
    supervisor.Ready();
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
  const Supervisor supervisor(config::ProcessEnvironment());
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

  WaitForTheEnd(instance, signals, supervisor, loaded.config.http);
  if (!failed) Log(LogLevel::kInfo, "stopping");
  const std::chrono::milliseconds grace = failed ? kGraceAfterFailure : loaded.config.shutdown_grace;
  supervisor.Stopping(LongestStop(loaded.config, grace));
  Stop(instance, signals, grace);
  Log(failed ? LogLevel::kError : LogLevel::kInfo, "stopped");
  return failed ? kFailed : kClean;
}

}  // namespace audit::instance
