#include "instance/kafka_telemetry.h"

#include <optional>
#include <string>
#include <utility>

#include "env/clock.h"
#include "telemetry/log.h"
#include "telemetry/once_in_a_while.h"
#include "time/unix_micros.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

// As in syslog.
constexpr int kError = 3;
constexpr int kWarning = 4;
constexpr int kInfo = 6;

// An outage is one line a minute for each broker and kind of trouble. librdkafka tries again many times a second,
// and each of its clients for itself.
constexpr std::chrono::seconds kSayAgainAfter{60};

// Of all clients of the process.
telemetry::OnceInAWhile& Said() {
  static telemetry::OnceInAWhile said(kSayAgainAfter);
  return said;
}

}  // namespace

kafka::LogCallback KafkaLog() {
  return [](const kafka::ClientLine& line) {
    const LogLevel level = line.level <= kError     ? LogLevel::kError
                           : line.level <= kWarning ? LogLevel::kWarn
                           : line.level <= kInfo    ? LogLevel::kInfo
                                                    : LogLevel::kDebug;
    // Who asked librdkafka for its debug lines wants them all.
    const bool debug = level == LogLevel::kDebug;
    const auto held_back =
        debug ? std::optional<std::uint64_t>(0) : Said().Ask(line.text, env::SystemClock().SteadyNow());
    if (!held_back) return;
    if (line.remedy.empty()) {
      Log(level, "kafka client", {{"text", line.text}, {"repeated", *held_back}});
    } else {
      Log(level, "kafka client", {{"text", line.text}, {"remedy", line.remedy}, {"repeated", *held_back}});
    }
  };
}

SourceTelemetry::SourceTelemetry(telemetry::Metrics& metrics, std::string topic)
    : topic_(std::move(topic)),
      metrics_(metrics),
      assigned_(metrics.AddGauge("audit_manager_kafka_assigned_partitions", "Partitions that this replica reads.")),
      rebalances_(metrics.AddCounter("audit_manager_kafka_rebalances_total",
                                     "Times that the partitions of this replica changed.")),
      refusals_(metrics.AddCounter("audit_manager_kafka_group_refusals_total",
                                   "Times that the consumer group did not let this replica in.")),
      holes_(metrics.AddCounter("audit_manager_kafka_holes_total",
                                "Gaps found between what was read of a partition and what is there.")),
      missing_(metrics.AddCounter("audit_manager_kafka_missing_offsets_total", "Offsets in those gaps.")),
      errors_(metrics.AddCounter("audit_manager_kafka_broker_errors_total",
                                 "Errors reported by the brokers or the connections to them.")) {}

void SourceTelemetry::ShowLag(const kafka::KafkaSource& source, const env::Clock& clock) {
  auto& age =
      metrics_.AddGauge("audit_manager_kafka_oldest_unstored_age_seconds",
                        "Age of the oldest event that this replica read and has not stored; 0 if there is none.");
  metrics_.AddCollector([this, &source, &clock, &age] {
    const auto oldest = source.OldestUnstored();
    age.Set(oldest ? static_cast<double>(clock.Now().value - oldest->value) / time::kMicrosPerSecond : 0);
    // A partition that went to another replica is that one's to show, and 0 would be a lie where the end is not
    // known yet.
    for (auto& [partition, gauge] : lag_) gauge->Clear();
    for (const kafka::PartitionLag& lag : source.Lag()) {
      if (!lag.events) continue;
      const telemetry::Metrics::Label label{"partition", std::to_string(lag.partition)};
      telemetry::Gauge*& gauge = lag_[lag.partition];
      gauge = &metrics_.AddGauge("audit_manager_kafka_consumer_lag_events",
                                 "Events of a partition that are not stored yet, of the partitions of this replica.",
                                 {&label, 1});
      gauge->Set(static_cast<double>(*lag.events));
    }
  });
}

void SourceTelemetry::OnAssignment(std::span<const std::int32_t> partitions, bool lost) {
  rebalances_.Increment();
  assigned_.Set(static_cast<double>(partitions.size()));
  std::string list;
  for (const std::int32_t partition : partitions) list += (list.empty() ? "" : ",") + std::to_string(partition);
  Log(lost ? LogLevel::kWarn : LogLevel::kInfo,
      lost ? "partitions were taken away without notice; what was not committed is read again by whoever has them"
           : "the partitions that this replica reads",
      {{"partitions", list}});
}

void SourceTelemetry::OnGroupRefused(const Error& error) {
  refusals_.Increment();
  if (!Said().Ask(error.message(), env::SystemClock().SteadyNow())) return;
  Log(LogLevel::kWarn, "the consumer group does not let this replica in; it keeps trying, and events are accepted",
      {{"error", error.message()}});
}

void SourceTelemetry::OnHole(const kafka::Hole& hole) {
  holes_.Increment();
  missing_.Add(static_cast<double>(hole.last - hole.first + 1));
  Log(LogLevel::kError, "offsets of the topic are gone that were never read: events may be missing from the store",
      {{"topic", topic_},
       {"partition", static_cast<std::int64_t>(hole.partition)},
       {"first", hole.first},
       {"last", hole.last},
       {"cause", hole.cause}});
}

void SourceTelemetry::OnConnectionFailed() { errors_.Increment(); }

void SourceTelemetry::OnBrokerError(const Error& error) {
  errors_.Increment();
  if (!Said().Ask(error.message(), env::SystemClock().SteadyNow())) return;
  Log(LogLevel::kWarn, "kafka", {{"error", error.message()}});
}

}  // namespace audit::instance
