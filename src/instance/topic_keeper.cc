#include "instance/topic_keeper.h"

#include <cstdlib>
#include <limits>
#include <utility>

#include "env/clock.h"
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
constexpr std::chrono::seconds kSayAgainAfter{60};
// The topic may be given other settings meanwhile.
constexpr milliseconds kLookAgain = std::chrono::hours(1);

}  // namespace

TopicKeeper::TopicKeeper(const config::Config& config, telemetry::Metrics& metrics)
    : config_(config),
      partitions_(metrics.AddGauge("audit_manager_kafka_topic_partitions", "Partitions of the topic of events.")),
      retention_(metrics.AddGauge("audit_manager_kafka_topic_retention_seconds",
                                  "How long the topic keeps an event; +Inf: for ever.")),
      said_(kSayAgainAfter) {
  retention_.Set(std::numeric_limits<double>::infinity());  // until it is known
  thread_.emplace("topics", [this] { return Ensure(); });
}

milliseconds TopicKeeper::Ensure() {
  if (admin_ == nullptr) {
    auto created = kafka::TopicAdmin::Create(KafkaConnectionOf(config_, KafkaLog()));
    if (!created) return OnFailure(created.error());
    admin_ = std::move(*created);
  }
  Result<std::vector<kafka::TopicOutcome>> ensured = std::vector<kafka::TopicOutcome>();
  if (!ensured_) ensured = admin_->Ensure(TopicsOf(config_), kPatience);
  if (!ensured) return OnFailure(ensured.error());
  ensured_ = true;
  if (std::exchange(failed_, false)) Log(LogLevel::kInfo, "the topics are there now");
  for (const kafka::TopicOutcome& topic : *ensured) {
    if (topic.change == kafka::TopicChange::kUnchanged) continue;
    Log(LogLevel::kInfo,
        topic.change == kafka::TopicChange::kCreated ? "a topic was made" : "a topic has more partitions",
        {{"topic", topic.name}, {"partitions", static_cast<std::int64_t>(topic.partitions)}});
  }
  if (const auto shown = Show(); !shown) {
    Log(LogLevel::kWarn, "partitions and retention of the topic are not in the metrics until they can be looked at",
        {{"error", shown.error().message()}});
  }
  admin_.reset();  // no connections for an hour
  return kLookAgain;
}

Result<void> TopicKeeper::Show() {
  const auto topic = admin_->Describe(config_.kafka.topic, kPatience);
  if (!topic) return topic.error();
  partitions_.Set(topic->partitions);
  const auto settings = admin_->SettingsOf(config_.kafka.topic, kPatience);
  if (!settings) return settings.error();
  const auto found = settings->find("retention.ms");
  if (found == settings->end()) return Error(ErrorCode::kUnavailable, "retention.ms is not among its settings");
  const double retention_ms = std::strtod(found->second.c_str(), nullptr);
  retention_.Set(retention_ms < 0 ? std::numeric_limits<double>::infinity() : retention_ms / 1e3);
  return {};
}

milliseconds TopicKeeper::OnFailure(const Error& error) {
  failed_ = true;
  if (said_.Ask(error.message(), env::SystemClock().SteadyNow())) {
    Log(LogLevel::kWarn,
        "the topics could not be looked at, made or grown; trying again, and events for one that is missing wait",
        {{"error", error.message()}});
  }
  return kRetry;
}

}  // namespace audit::instance
