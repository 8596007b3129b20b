#include "instance/instance.h"

#include <algorithm>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/health.h"
#include "api/service.h"
#include "build_info/build_info.h"
#include "env/clock.h"
#include "env/file_system.h"
#include "env/random.h"
#include "http/server.h"
#include "instance/data_layout.h"
#include "instance/forwarding.h"
#include "instance/server_telemetry.h"
#include "instance/spool_telemetry.h"
#include "instance/start_error.h"
#include "instance/storing.h"
#include "instance/topic_keeper.h"
#include "spool/failed_flush.h"
#include "spool/flusher.h"
#include "spool/spool.h"
#include "store/month.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"
#include "time/rfc3339.h"

namespace audit::instance {
namespace {

using std::chrono::milliseconds;
using telemetry::Log;
using telemetry::LogLevel;

// A sync that takes longer than that fails, as far as an impatient stop is concerned.
constexpr std::chrono::seconds kLongestSync{2};

api::AckMoment MomentOf(config::Durability durability) {
  switch (durability) {
    case config::Durability::kQueued: return api::AckMoment::kQueued;
    case config::Durability::kWritten: return api::AckMoment::kWritten;
    case config::Durability::kReplicated: return api::AckMoment::kReplicated;
    case config::Durability::kSynced: break;
  }
  return api::AckMoment::kSynced;
}

api::Options ApiOptions(const config::Loaded& loaded) {
  const config::Config& config = loaded.config;
  api::Options options;
  options.service_id = config.service_id;
  options.api_version = config.api_version;
  options.takes_events = config.role_ingest;
  options.ack = MomentOf(config.ingest.durability);
  options.replicated_timeout = config.ingest.replicated_timeout;
  options.limits = {.max_event_bytes = config.ingest.max_event_bytes, .max_batch_events = config.ingest.max_batch_size};
  options.max_future_skew_seconds = config.ingest.max_future_skew_seconds;
  options.earliest = [months = config.database.partition_retention_months](time::UnixMicros now) {
    const std::optional<store::Month> oldest = store::OldestKept(now, months);
    return oldest.has_value() ? oldest->begin() : time::UnixMicros{std::numeric_limits<std::int64_t>::min()};
  };
  options.random = env::NewSystemRandom;
  options.build = ThisBuild();
  for (const config::Setting& setting : loaded.settings) {
    if (setting.public_value && !setting.secret) options.settings.emplace_back(setting.key, setting.value);
  }
  return options;
}

http::ServerOptions ServerOptions(const config::Config::Http& config) {
  http::ServerOptions options;
  options.host = config.host;
  options.port = config.port;
  options.threads = config.threads;
  options.max_header_bytes = config.max_header_bytes;
  options.max_body_bytes = config.max_body_bytes;
  options.max_connections = config.max_connections;
  options.max_requests_in_flight = config.max_requests_in_flight;
  options.header_timeout = config.header_timeout;
  options.body_timeout = config.body_timeout;
  options.idle_timeout = config.idle_timeout;
  options.tls = {.certificate_file = config.tls_certificate_file, .key_file = config.tls_key_file};
  return options;
}

bool KafkaLogOf(const config::Config& config) { return config.log_backend == config::LogBackend::kKafka; }

// With the Kafka log it is the topic that the persister reads.
bool NeedsSpool(const config::Config& config) {
  return config.role_ingest || (config.role_persist && !KafkaLogOf(config));
}

spool::Options SpoolOptions(const config::Config& config) {
  spool::Options options;
  options.directory = SpoolDirectory(config);
  options.segment_bytes = config.spool.segment_bytes;
  options.max_bytes = config.spool.max_bytes;
  options.queue_max_records = config.ingest.queue_max_size;
  options.queue_max_bytes = config.ingest.queue_max_bytes;
  options.readers = {KafkaLogOf(config) ? kForwarderReader : kStoreReader};
  return options;
}

// As the configuration prints it.
std::string_view SettingOf(const config::Loaded& loaded, std::string_view key) {
  const auto found = std::ranges::find(loaded.settings, key, &config::Setting::key);
  return found == loaded.settings.end() ? std::string_view() : found->value;
}

std::string Url(const config::Config::Http& config, std::uint16_t port) {
  const bool tls = !config.tls_certificate_file.empty();
  const bool v6 = config.host.find(':') != std::string::npos;
  return (tls ? "https://" : "http://") + (v6 ? "[" + config.host + "]" : config.host) + ":" + std::to_string(port) +
         std::string(api::kBasePath);
}

}  // namespace

// In the order of use: what stands below uses what stands above and goes first.
struct Instance::State {
  State(const config::Loaded& loaded, std::function<void()> failure)
      : on_failure(std::move(failure)),
        health(loaded.config.role_persist || loaded.config.role_maintain),
        spool_telemetry(metrics),
        tls_reload_succeeded(metrics.AddGauge("audit_manager_tls_last_reload_successful",
                                              "0 after a reload of certificate and key that failed.")),
        service(ApiOptions(loaded), env::SystemClock(), metrics, health) {}

  Result<void> Open(const config::Loaded& loaded, env::FileSystem& files);
  void Run(const config::Config& config, env::FileSystem& files);
  void TellOfFailedFlush(env::FileSystem& files, const std::string& directory);
  void FailFor(const Error& error, env::FileSystem& files, const std::string& directory);
  void Stop(milliseconds grace);

  const std::function<void()> on_failure;
  telemetry::Metrics metrics;
  api::Health health;
  SpoolTelemetry spool_telemetry;
  telemetry::Gauge& tls_reload_succeeded;
  const std::unique_ptr<env::Random> spool_random = env::NewSystemRandom();
  std::unique_ptr<spool::Spool> spool;      // null: not needed
  std::unique_ptr<spool::Flusher> flusher;  // the same
  api::Service service;
  std::optional<TopicKeeper> topics;       // with the Kafka log
  std::unique_ptr<Forwarding> forwarding;  // null: no Kafka log, or nothing taken in
  std::unique_ptr<Storing> storing;        // null: neither persist nor maintain
  std::unique_ptr<http::Server> server;
  bool stopped = false;
};

Result<void> Instance::State::Open(const config::Loaded& loaded, env::FileSystem& files) {
  const config::Config& config = loaded.config;
  if (NeedsSpool(config)) {
    auto opened = spool::Spool::Open(files, env::SystemClock(), *spool_random, SpoolOptions(config), &spool_telemetry);
    if (!opened) return ExplainDataError(opened.error(), config.data_dir);
    spool = std::move(*opened);
    TellOfFailedFlush(files, SpoolDirectory(config));
    SpoolTelemetry::ShowState(metrics, *spool, config.spool.max_bytes, env::SystemClock());
  }
  if (KafkaLogOf(config) && spool != nullptr) {
    auto opened = Forwarding::Open(config, *spool, metrics,
                                   [this](spool::Sequence through) { service.ack_hub().OnReplicated(through); });
    if (!opened) return std::move(opened).error();
    forwarding = std::move(*opened);
  }
  if (config.role_persist || config.role_maintain) {
    auto opened = Storing::Open(config, spool.get(), metrics, health);
    if (!opened) return ExplainDataError(opened.error(), config.data_dir);
    storing = std::move(*opened);
  }
  auto listening = http::Server::Listen(ServerOptions(config.http), service.handlers());
  if (!listening) return std::move(listening).error();
  server = std::move(*listening);
  ShowServer(metrics, *server);
  tls_reload_succeeded.Set(1);
  return {};
}

// What a process that is gone had no time to tell.
void Instance::State::TellOfFailedFlush(env::FileSystem& files, const std::string& directory) {
  const auto failed = spool::ReadFailedFlush(files, directory);
  if (!failed) {
    Log(LogLevel::kWarn, "whether an earlier run ended with a failed write or sync cannot be read",
        {{"error", failed.error().message()}});
    return;
  }
  if (!*failed) return;
  spool_telemetry.ShowFailedFlush(**failed);
  Log(LogLevel::kWarn, "an earlier run ended because a write or a sync of the spool failed; is the disk in order?",
      {{"failed_at", time::FormatMicros((*failed)->at)},
       {"error", (*failed)->error},
       {"remove_when_dealt_with", directory + "/" + std::string(spool::kFailedFlushName)}});
}

// On the flushing thread, which Stop waits for.
void Instance::State::FailFor(const Error& error, env::FileSystem& files, const std::string& directory) {
  const spool::FailedFlush failed{.at = env::SystemClock().Now(), .error = error.message()};
  health.Enter(api::Health::Phase::kFailed);
  Log(LogLevel::kError, "events cannot be made durable any more; ending, the restart recovers",
      {{"error", error.message()}});
  spool_telemetry.ShowFailedFlush(failed);
  on_failure();
  // Last: the disk that just failed may hang, and by now everybody knows that the process is to end.
  if (auto written = spool::WriteFailedFlush(files, directory, failed); !written) {
    Log(LogLevel::kWarn, "the next start will not know of it", {{"error", written.error().message()}});
  }
}

void Instance::State::Run(const config::Config& config, env::FileSystem& files) {
  if (KafkaLogOf(config)) topics.emplace(config, metrics);
  if (spool != nullptr) {
    flusher = std::make_unique<spool::Flusher>(*spool, [this, &files, directory = SpoolDirectory(config)](
                                                           const Error& error) { FailFor(error, files, directory); });
    service.Open(*spool, [this] { flusher->Kick(); });
  }
  if (forwarding != nullptr) forwarding->Start();
  if (storing != nullptr) storing->Start();
  health.Enter(api::Health::Phase::kServing);
  server->Start();
  telemetry::AddProcessMetrics(metrics);  // reads slow files of /proc, which the first caller need not wait for
}

void Instance::State::Stop(milliseconds grace) {
  if (std::exchange(stopped, true)) return;
  const env::SteadyTime deadline = env::SystemClock().SteadyNow() + grace;
  const auto left = [&] {
    const auto span = std::chrono::duration_cast<milliseconds>(deadline - env::SystemClock().SteadyNow());
    return std::max(span, milliseconds{0});
  };
  health.Enter(api::Health::Phase::kStopping);
  if (server != nullptr) server->Stop(left());
  if (flusher != nullptr) flusher->Stop();
  if (forwarding != nullptr) forwarding->Stop(left());
  if (storing != nullptr) storing->Stop(left());
  topics.reset();
  if (spool == nullptr) return;
  const spool::Stats stats = spool->stats();
  if (stats.delivered < stats.synced) {
    Log(LogLevel::kInfo,
        forwarding != nullptr ? "events are left in the spool; the next start publishes them, or `spool drain` does"
                              : "events are left in the spool; the next start with the role persist stores them",
        {{"events", stats.synced.value - stats.delivered.value}});
  }
}

Instance::Instance(std::unique_ptr<State> state) : state_(std::move(state)) {}

Instance::~Instance() { Stop(milliseconds{0}); }

Result<std::unique_ptr<Instance>> Instance::Start(const config::Loaded& loaded, std::function<void()> on_failure,
                                                  env::FileSystem& files) {
  std::unique_ptr<Instance> instance(new Instance(std::make_unique<State>(loaded, std::move(on_failure))));
  Result<void> opened = instance->state_->Open(loaded, files);
  if (!opened) return std::move(opened).error();
  instance->state_->Run(loaded.config, files);
  Log(LogLevel::kInfo, "ready",
      {{"url", Url(loaded.config.http, instance->port())},
       {"data_dir", loaded.config.data_dir},
       {"roles", SettingOf(loaded, "roles")},
       {"durability", SettingOf(loaded, "ingest.durability")}});
  return instance;
}

std::uint16_t Instance::port() const { return state_->server->port(); }

Result<void> Instance::ReloadTls() {
  Result<void> reloaded = state_->server->ReloadTls();
  state_->tls_reload_succeeded.Set(reloaded.ok() ? 1 : 0);
  return reloaded;
}

void Instance::AskEventLoops(std::function<void()> answered) { state_->server->AskThreads(std::move(answered)); }

void Instance::Stop(milliseconds grace) { state_->Stop(grace); }

void Instance::SyncForExit() {
  if (state_->spool == nullptr) return;
  state_->spool->Close();
  const env::SteadyTime deadline = env::SystemClock().SteadyNow() + kLongestSync;
  while (state_->spool->synced() < state_->spool->stats().appended && env::SystemClock().SteadyNow() < deadline) {
    state_->flusher->Kick();
    std::this_thread::sleep_for(milliseconds{1});
  }
}

}  // namespace audit::instance
