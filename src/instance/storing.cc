#include "instance/storing.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dead_letters/sqlite_dead_letter_queue.h"
#include "env/clock.h"
#include "env/random.h"
#include "instance/backend_options.h"
#include "instance/data_layout.h"
#include "instance/kafka_telemetry.h"
#include "instance/periodic_thread.h"
#include "instance/pump_waker.h"
#include "instance/store_backend.h"
#include "instance/store_telemetry.h"
#include "kafka/kafka_dead_letter_queue.h"
#include "kafka/kafka_source.h"
#include "pipeline/persister.h"
#include "pipeline/pump_thread.h"
#include "pipeline/spool_source.h"
#include "spool/reader.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using std::chrono::milliseconds;
using telemetry::Log;
using telemetry::LogLevel;

// /health is at most that much behind the store.
constexpr milliseconds kProbeInterval{1'000};
// Partitions that could not be looked after: sooner than partition_check_interval, which is an hour.
constexpr milliseconds kMaintenanceRetry{30'000};

// Log to store, with all that its persister needs. In the order of use: what stands below uses what
// stands above and goes first.
struct Persisting {
  PumpWaker waker;
  std::unique_ptr<env::Random> random = env::NewSystemRandom();
  std::optional<StoreTelemetry> telemetry;
  std::optional<SourceTelemetry> source_telemetry;  // of a Kafka log
  std::unique_ptr<spool::Reader> reader;            // of the embedded log
  std::unique_ptr<dead_letters::DeadLetterQueue> dead_letters;
  std::unique_ptr<pipeline::EventSource> source;
  std::optional<pipeline::Persister> persister;
  std::optional<pipeline::PumpThread> thread;
};

}  // namespace

struct Storing::State {
  State(const config::Config& c, spool::Spool* s, telemetry::Metrics& m, api::Health& h)
      : config(c),
        spool(s),
        health(h),
        store_up(m.AddGauge("audit_manager_store_up", "1 while the store can be reached and took the last batch.")),
        dropped(m.AddCounter("audit_manager_partitions_dropped_total", "Months dropped because of their age.")),
        maintenance_failures(m.AddCounter("audit_manager_partition_maintenance_failures_total",
                                          "Failed attempts to make or drop partitions.")) {}

  Result<void> Open(telemetry::Metrics& metrics);
  Result<void> OpenEmbeddedLog();
  Result<void> OpenKafkaLog(telemetry::Metrics& metrics);
  [[nodiscard]] bool kafka_log() const { return config.log_backend == config::LogBackend::kKafka; }
  milliseconds MaintainPartitions();
  milliseconds Probe();

  const config::Config config;
  spool::Spool* const spool;
  api::Health& health;
  telemetry::Gauge& store_up;
  telemetry::Counter& dropped;
  telemetry::Counter& maintenance_failures;
  StoreBackend backend;
  std::set<std::string> advised;  // on the probe's thread
  Persisting persisting;
  std::optional<PeriodicThread> maintenance;
  std::optional<PeriodicThread> probe;
};

Result<void> Storing::State::Open(telemetry::Metrics& metrics) {
  auto opened = OpenStore(config);
  if (!opened) return std::move(opened).error();
  backend = std::move(*opened);
  if (!config.role_persist) return {};

  auto log = kafka_log() ? OpenKafkaLog(metrics) : OpenEmbeddedLog();
  if (!log) return log;
  persisting.telemetry.emplace(metrics);
  pipeline::PersisterOptions batches;
  const config::Config::Kafka::Consumer& consumer = config.kafka.consumer;
  batches.batch_max_events = kafka_log() ? consumer.batch_max_records : config.persist.batch_max_records;
  batches.gather = kafka_log() ? consumer.flush_interval : config.persist.flush_interval;
  persisting.persister.emplace(*persisting.source, *backend.store, *persisting.dead_letters, env::SystemClock(),
                               *persisting.random, batches, &*persisting.telemetry);
  return {};
}

Result<void> Storing::State::OpenEmbeddedLog() {
  auto reader = spool->OpenReader(kStoreReader);
  if (!reader) return std::move(reader).error();
  persisting.reader = std::move(*reader);
  auto letters = dead_letters::SqliteDeadLetterQueue::Open(DeadLetterFile(config));
  if (!letters) return std::move(letters).error();
  persisting.dead_letters = std::move(*letters);
  persisting.source = std::make_unique<pipeline::SpoolSource>(*persisting.reader);
  return {};
}

Result<void> Storing::State::OpenKafkaLog(telemetry::Metrics& metrics) {
  auto letters = kafka::KafkaDeadLetterQueue::Open(DeadLetterOptionsOf(config, KafkaLog()));
  if (!letters) return std::move(letters).error();
  persisting.dead_letters = std::move(*letters);
  persisting.source_telemetry.emplace(metrics, config.kafka.topic);
  auto source = kafka::KafkaSource::Open(SourceOptionsOf(config, KafkaLog()), env::SystemClock(),
                                         *persisting.source_telemetry, [this] { persisting.waker.Notify(); });
  if (!source) return std::move(source).error();
  persisting.source_telemetry->ShowLag(**source, env::SystemClock());
  persisting.source = std::move(*source);
  return {};
}

milliseconds Storing::State::MaintainPartitions() {
  const auto interval = std::chrono::duration_cast<milliseconds>(config.database.partition_check_interval);
  const auto months =
      backend.store->MaintainPartitions(env::SystemClock().Now(), config.database.partition_pre_create_months,
                                        config.database.partition_retention_months);
  if (!months) {
    maintenance_failures.Increment();
    Log(LogLevel::kWarn, "partitions could not be looked after; trying again", {{"error", months.error().message()}});
    return std::min(interval, kMaintenanceRetry);
  }
  for (const std::string& month : *months) {
    dropped.Increment();
    Log(LogLevel::kInfo, "a month older than the retention window was dropped", {{"partition", month}});
  }
  return interval;
}

milliseconds Storing::State::Probe() {
  const bool reachable = backend.probe->Check().ok();
  health.OnStoreProbe(reachable, env::SystemClock().SteadyNow());
  store_up.Set(reachable ? 1 : 0);
  for (const std::string& line : backend.advice()) {
    if (advised.insert(line).second) Log(LogLevel::kWarn, "about the store", {{"advice", line}});
  }
  return kProbeInterval;
}

Storing::Storing(std::unique_ptr<State> state) : state_(std::move(state)) {}

Storing::~Storing() { Stop(milliseconds{0}); }

Result<std::unique_ptr<Storing>> Storing::Open(const config::Config& config, spool::Spool* spool,
                                               telemetry::Metrics& metrics, api::Health& health) {
  auto state = std::make_unique<State>(config, spool, metrics, health);
  Result<void> opened = state->Open(metrics);
  if (!opened) return std::move(opened).error();
  return std::unique_ptr<Storing>(new Storing(std::move(state)));
}

void Storing::Start() {
  State& state = *state_;
  if (Persisting& persisting = state.persisting; persisting.persister.has_value()) {
    if (!state.kafka_log()) state.spool->AddListener(&persisting.waker);
    persisting.thread.emplace(*persisting.persister, "persister");
    persisting.waker.Wake(&*persisting.thread);
  }
  if (state.config.role_maintain) {
    state.maintenance.emplace("maintenance", [&state] { return state.MaintainPartitions(); });
  }
  state.probe.emplace("store-probe", [&state] { return state.Probe(); });
}

void Storing::Stop(milliseconds drain) {
  if (Persisting& persisting = state_->persisting; persisting.thread.has_value()) {
    // Of a shared log others take the rest.
    persisting.thread->Stop(state_->kafka_log() ? milliseconds{0} : drain);
    persisting.waker.Wake(nullptr);
  }
  state_->maintenance.reset();
  state_->probe.reset();
}

}  // namespace audit::instance
