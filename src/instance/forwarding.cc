#include "instance/forwarding.h"

#include <optional>
#include <utility>

#include "dead_letters/sqlite_dead_letter_queue.h"
#include "env/clock.h"
#include "env/random.h"
#include "instance/backend_options.h"
#include "instance/data_layout.h"
#include "instance/kafka_telemetry.h"
#include "instance/pump_waker.h"
#include "pipeline/forwarder.h"
#include "pipeline/pump_thread.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

// How long an event may wait for others on its way into the log.
constexpr std::chrono::milliseconds kGather{50};

class ForwarderTelemetry final : public pipeline::ForwarderObserver {
 public:
  ForwarderTelemetry(telemetry::Metrics& metrics, std::function<void(spool::Sequence)> on_replicated)
      : on_replicated_(std::move(on_replicated)),
        published_(metrics.AddCounter("audit_manager_kafka_published_events_total",
                                      "Events that the topic's in-sync replicas have.")),
        refused_(
            metrics.AddCounter("audit_manager_kafka_refused_events_total",
                               "Events that Kafka never takes; they are in the dead-letter queue of this replica.")),
        failures_(metrics.AddCounter("audit_manager_kafka_publish_failures_total",
                                     "Times that publishing had to start over; nothing is lost by it.")) {}

  void OnSettled(spool::Sequence through, std::size_t events) override {
    published_.Add(static_cast<double>(events));
    on_replicated_(through);
  }
  void OnSetAside(std::string_view reason, std::string_view id, std::string_view source,
                  std::uint64_t position) override {
    refused_.Increment();
    Log(LogLevel::kError,
        "Kafka does not take an event; it is kept on this machine, see `audit-manager dlq list --local`",
        {{"reason", reason}, {"id", id}, {"source", source}, {"position", position}});
  }
  void OnUnavailable(const Error& error, std::chrono::milliseconds retry_in) override {
    failures_.Increment();
    Log(LogLevel::kWarn, "Kafka takes nothing; events are kept in the spool",
        {{"error", error.message()}, {"retry_in_ms", static_cast<std::int64_t>(retry_in.count())}});
  }
  void OnAvailableAgain() override { Log(LogLevel::kInfo, "Kafka takes events again"); }

 private:
  const std::function<void(spool::Sequence)> on_replicated_;
  telemetry::Counter& published_;
  telemetry::Counter& refused_;
  telemetry::Counter& failures_;
};

}  // namespace

// In the order of use: what stands below uses what stands above and goes first.
struct Forwarding::State {
  State(spool::Spool& s, telemetry::Metrics& metrics, std::function<void(spool::Sequence)> on_replicated)
      : spool(s), telemetry(metrics, std::move(on_replicated)) {}

  Result<void> Open(const config::Config& config);

  spool::Spool& spool;
  ForwarderTelemetry telemetry;
  const std::unique_ptr<env::Random> random = env::NewSystemRandom();
  PumpWaker waker;
  std::unique_ptr<spool::Reader> reader;
  std::unique_ptr<dead_letters::SqliteDeadLetterQueue> set_aside;
  std::unique_ptr<kafka::KafkaPublisher> publisher;
  std::optional<pipeline::Forwarder> forwarder;
  std::optional<pipeline::PumpThread> thread;
};

Result<void> Forwarding::State::Open(const config::Config& config) {
  auto opened_reader = spool.OpenReader(kForwarderReader);
  if (!opened_reader) return std::move(opened_reader).error();
  reader = std::move(*opened_reader);
  auto letters = dead_letters::SqliteDeadLetterQueue::Open(SetAsideFile(config));
  if (!letters) return std::move(letters).error();
  set_aside = std::move(*letters);
  auto created = kafka::KafkaPublisher::Create(PublisherOptionsOf(config, KafkaLog()), [this] { waker.Notify(); });
  if (!created) return std::move(created).error();
  publisher = std::move(*created);
  pipeline::ForwarderOptions options;
  // Nobody waits for the log but callers who want it.
  if (config.ingest.durability != config::Durability::kReplicated) options.gather = kGather;
  forwarder.emplace(*reader, *publisher, *set_aside, env::SystemClock(), *random, options, &telemetry);
  return {};
}

Forwarding::Forwarding(std::unique_ptr<State> state) : state_(std::move(state)) {}

Forwarding::~Forwarding() { Stop(std::chrono::milliseconds{0}); }

Result<std::unique_ptr<Forwarding>> Forwarding::Open(const config::Config& config, spool::Spool& spool,
                                                     telemetry::Metrics& metrics,
                                                     std::function<void(spool::Sequence)> on_replicated) {
  auto state = std::make_unique<State>(spool, metrics, std::move(on_replicated));
  if (Result<void> opened = state->Open(config); !opened) return std::move(opened).error();
  return std::unique_ptr<Forwarding>(new Forwarding(std::move(state)));
}

void Forwarding::Start() {
  state_->spool.AddListener(&state_->waker);
  state_->thread.emplace(*state_->forwarder, "forwarder");
  state_->waker.Wake(&*state_->thread);
}

bool Forwarding::Stop(std::chrono::milliseconds drain) {
  if (!state_->thread) return false;
  const bool drained = state_->thread->Stop(drain);
  state_->waker.Wake(nullptr);
  return drained;
}

}  // namespace audit::instance
