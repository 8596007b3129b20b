#include "instance/topic_keeper.h"

#include <limits>

#include "instance/backend_options.h"
#include "instance/kafka_telemetry.h"
#include "telemetry/log.h"

namespace audit::instance {
namespace {

using std::chrono::milliseconds;
using telemetry::Log;
using telemetry::LogLevel;

constexpr milliseconds kPatience{2'000};  // a stop waits that long
constexpr milliseconds kRetry{5'000};
// The topic may be given other settings meanwhile.
constexpr milliseconds kLookAgain = std::chrono::hours(1);

}  // namespace

TopicKeeper::TopicKeeper(const config::Config& config, telemetry::Metrics& metrics)
    : config_(config),
      partitions_(metrics.AddGauge("audit_manager_kafka_topic_partitions", "Partitions of the topic of events.")),
      retention_(metrics.AddGauge("audit_manager_kafka_topic_retention_seconds",
                                  "How long the topic keeps an event; +Inf: for ever.")) {
  retention_.Set(std::numeric_limits<double>::infinity());  // until it is known
  thread_.emplace("topics", [this] { return Ensure(); });
}

milliseconds TopicKeeper::Ensure() {
  auto admin = kafka::TopicAdmin::Create(KafkaConnectionOf(config_, KafkaLog()));
  Result<std::vector<kafka::TopicOutcome>> ensured = std::vector<kafka::TopicOutcome>();
  if (!admin) {
    ensured = admin.error();
  } else if (!ensured_) {
    ensured = (*admin)->Ensure(TopicsOf(config_), kPatience);
  }
  if (!ensured) {
    Log(LogLevel::kWarn, "the topics could not be looked at or made; trying again, events wait in the spool meanwhile",
        {{"error", ensured.error().message()}});
    return kRetry;
  }
  ensured_ = true;
  for (const kafka::TopicOutcome& topic : *ensured) {
    if (topic.change == kafka::TopicChange::kUnchanged) continue;
    Log(LogLevel::kInfo,
        topic.change == kafka::TopicChange::kCreated ? "a topic was made" : "a topic has more partitions",
        {{"topic", topic.name}, {"partitions", static_cast<std::int64_t>(topic.partitions)}});
  }
  if (const auto shown = Show(**admin); !shown) {
    Log(LogLevel::kWarn, "partitions and retention of the topic are not in the metrics until they can be looked at",
        {{"error", shown.error().message()}});
  }
  return kLookAgain;
}

Result<void> TopicKeeper::Show(kafka::TopicAdmin& admin) {
  const auto topic = admin.Describe(config_.kafka.topic, kPatience);
  if (!topic) return topic.error();
  partitions_.Set(topic->partitions);
  const auto retention = admin.Retention(config_.kafka.topic, kPatience);
  if (!retention) return retention.error();
  retention_.Set(*retention < milliseconds::zero() ? std::numeric_limits<double>::infinity()
                                                   : std::chrono::duration<double>(*retention).count());
  return {};
}

}  // namespace audit::instance
