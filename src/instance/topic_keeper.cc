#include "instance/topic_keeper.h"

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
constexpr milliseconds kDone = std::chrono::hours(24 * 365);

}  // namespace

TopicKeeper::TopicKeeper(const config::Config& config) : config_(config) {
  thread_.emplace("topics", [this] { return Ensure(); });
}

milliseconds TopicKeeper::Ensure() {
  auto admin = kafka::TopicAdmin::Create(KafkaConnectionOf(config_, KafkaLog()));
  auto ensured =
      admin ? (*admin)->Ensure(TopicsOf(config_), kPatience) : Result<std::vector<kafka::TopicOutcome>>(admin.error());
  if (!ensured) {
    Log(LogLevel::kWarn, "the topics could not be looked at or made; trying again, events wait in the spool meanwhile",
        {{"error", ensured.error().message()}});
    return kRetry;
  }
  for (const kafka::TopicOutcome& topic : *ensured) {
    if (topic.change == kafka::TopicChange::kUnchanged) continue;
    Log(LogLevel::kInfo,
        topic.change == kafka::TopicChange::kCreated ? "a topic was made" : "a topic has more partitions",
        {{"topic", topic.name}, {"partitions", static_cast<std::int64_t>(topic.partitions)}});
  }
  return kDone;
}

}  // namespace audit::instance
