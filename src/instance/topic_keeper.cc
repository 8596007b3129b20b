#include "instance/topic_keeper.h"

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
constexpr milliseconds kDone = std::chrono::hours(24 * 365);

}  // namespace

TopicKeeper::TopicKeeper(const config::Config& config) : config_(config), said_(kSayAgainAfter) {
  thread_.emplace("topics", [this] { return Ensure(); });
}

milliseconds TopicKeeper::Ensure() {
  if (admin_ == nullptr) {
    auto created = kafka::TopicAdmin::Create(KafkaConnectionOf(config_, KafkaLog()));
    if (!created) return OnFailure(created.error());
    admin_ = std::move(*created);
  }
  auto ensured = admin_->Ensure(TopicsOf(config_), kPatience);
  if (!ensured) return OnFailure(ensured.error());
  admin_.reset();
  if (failed_) Log(LogLevel::kInfo, "the topics are there now");
  for (const kafka::TopicOutcome& topic : *ensured) {
    if (topic.change == kafka::TopicChange::kUnchanged) continue;
    Log(LogLevel::kInfo,
        topic.change == kafka::TopicChange::kCreated ? "a topic was made" : "a topic has more partitions",
        {{"topic", topic.name}, {"partitions", static_cast<std::int64_t>(topic.partitions)}});
  }
  return kDone;
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
