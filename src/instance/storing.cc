#include "instance/storing.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dead_letters/sqlite_dead_letter_queue.h"
#include "env/clock.h"
#include "env/random.h"
#include "instance/data_layout.h"
#include "instance/periodic_thread.h"
#include "instance/store_telemetry.h"
#include "pipeline/persister.h"
#include "pipeline/pump_thread.h"
#include "pipeline/spool_source.h"
#include "spool/reader.h"
#include "store/sqlite/sqlite_audit_store.h"
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

// Tells the persister's thread of events that it may read.
class PumpWaker final : public spool::ProgressListener {
 public:
  explicit PumpWaker(pipeline::PumpThread& pump) : pump_(pump) {}
  void OnWritten(spool::Sequence /*through*/) override {}
  void OnSynced(spool::Sequence /*through*/) override { pump_.Notify(); }
  void OnFailed(const Error& /*error*/) override {}

 private:
  pipeline::PumpThread& pump_;
};

// Spool to store, with all that its persister needs.
struct Persisting {
  std::unique_ptr<spool::Reader> reader;
  std::unique_ptr<dead_letters::SqliteDeadLetterQueue> dead_letters;
  std::unique_ptr<env::Random> random = env::NewSystemRandom();
  std::optional<pipeline::SpoolSource> source;
  std::optional<StoreTelemetry> telemetry;
  std::optional<pipeline::Persister> persister;
  std::optional<pipeline::PumpThread> thread;
  std::optional<PumpWaker> waker;
};

}  // namespace

struct Storing::State {
  State(const config::Config& c, spool::Spool* s, telemetry::Metrics& m, api::Health& h)
      : config(c),
        spool(s),
        health(h),
        store_up(m.AddGauge("audit_manager_store_up", "1 while the store can be reached.")),
        dropped(m.AddCounter("audit_manager_partitions_dropped_total", "Months dropped because of their age.")),
        maintenance_failures(m.AddCounter("audit_manager_partition_maintenance_failures_total",
                                          "Failed attempts to make or drop partitions.")) {}

  Result<void> Open(telemetry::Metrics& metrics);
  milliseconds MaintainPartitions();
  milliseconds Probe();

  const config::Config config;
  spool::Spool* const spool;
  api::Health& health;
  telemetry::Gauge& store_up;
  telemetry::Counter& dropped;
  telemetry::Counter& maintenance_failures;
  std::unique_ptr<store::SqliteAuditStore> store;
  Persisting persisting;
  std::optional<PeriodicThread> maintenance;
  std::optional<PeriodicThread> probe;
};

Result<void> Storing::State::Open(telemetry::Metrics& metrics) {
  const std::string directory = StoreDirectory(config);
  store::SqliteStoreOptions options;
  options.directory = directory;
  options.retention_months = config.database.partition_retention_months;
  auto opened = store::SqliteAuditStore::Open(options, env::SystemClock());
  if (!opened) return std::move(opened).error();
  store = std::move(*opened);
  if (spool == nullptr) return {};

  auto reader = spool->OpenReader(kStoreReader);
  if (!reader) return std::move(reader).error();
  persisting.reader = std::move(*reader);
  auto letters = dead_letters::SqliteDeadLetterQueue::Open(DeadLetterFile(config));
  if (!letters) return std::move(letters).error();
  persisting.dead_letters = std::move(*letters);
  persisting.source.emplace(*persisting.reader);
  persisting.telemetry.emplace(metrics);
  pipeline::PersisterOptions batches;
  batches.batch_max_events = config.persist.batch_max_records;
  batches.gather = config.persist.flush_interval;
  persisting.persister.emplace(*persisting.source, *store, *persisting.dead_letters, env::SystemClock(),
                               *persisting.random, batches, &*persisting.telemetry);
  return {};
}

milliseconds Storing::State::MaintainPartitions() {
  const auto interval = std::chrono::duration_cast<milliseconds>(config.database.partition_check_interval);
  const auto months = store->MaintainPartitions(env::SystemClock().Now(), config.database.partition_pre_create_months,
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
  const bool reachable = store->Check().ok();
  health.OnStoreProbe(reachable, env::SystemClock().SteadyNow());
  store_up.Set(reachable ? 1 : 0);
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
    persisting.thread.emplace(*persisting.persister);
    persisting.waker.emplace(*persisting.thread);
    state.spool->AddListener(&*persisting.waker);
  }
  if (state.config.role_maintain) {
    state.maintenance.emplace("maintenance", [&state] { return state.MaintainPartitions(); });
  }
  state.probe.emplace("store-probe", [&state] { return state.Probe(); });
}

void Storing::Stop(milliseconds drain) {
  if (state_->persisting.thread.has_value()) state_->persisting.thread->Stop(drain);
  state_->maintenance.reset();
  state_->probe.reset();
}

}  // namespace audit::instance
