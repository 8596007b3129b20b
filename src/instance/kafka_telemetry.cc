#include "instance/kafka_telemetry.h"

#include <string>

#include "telemetry/log.h"
#include "time/unix_micros.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

// As in syslog.
constexpr int kError = 3;
constexpr int kWarning = 4;
constexpr int kInfo = 6;

}  // namespace

kafka::LogCallback KafkaLog() {
  return [](int level, std::string_view text) {
    const LogLevel ours = level <= kError     ? LogLevel::kError
                          : level <= kWarning ? LogLevel::kWarn
                          : level <= kInfo    ? LogLevel::kInfo
                                              : LogLevel::kDebug;
    // Of settings that the publisher means as they are: enable.gapless.guarantee is called experimental.
    Log(text.starts_with("CONFWARN") ? LogLevel::kDebug : ours, "kafka client", {{"text", text}});
  };
}

SourceTelemetry::SourceTelemetry(telemetry::Metrics& metrics)
    : metrics_(metrics),
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
    // A partition that went to another replica is that one's to show.
    for (auto& [partition, gauge] : lag_) gauge->Set(0);
    for (const kafka::PartitionLag& lag : source.Lag()) {
      const telemetry::Metrics::Label label{"partition", std::to_string(lag.partition)};
      telemetry::Gauge*& gauge = lag_[lag.partition];
      gauge = &metrics_.AddGauge("audit_manager_kafka_consumer_lag_events",
                                 "Events of a partition that are not stored yet, of the partitions of this replica.",
                                 {&label, 1});
      gauge->Set(static_cast<double>(lag.events.value_or(0)));
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
  Log(LogLevel::kWarn, "the consumer group does not let this replica in; it keeps trying, and events are accepted",
      {{"error", error.message()}});
}

void SourceTelemetry::OnHole(const kafka::Hole& hole) {
  holes_.Increment();
  missing_.Add(static_cast<double>(hole.last - hole.first + 1));
  Log(LogLevel::kError, "offsets of the topic are gone that were never read: events may be missing from the store",
      {{"partition", static_cast<std::int64_t>(hole.partition)},
       {"first", hole.first},
       {"last", hole.last},
       {"cause", hole.cause}});
}

void SourceTelemetry::OnBrokerError(const Error& error) {
  errors_.Increment();
  Log(LogLevel::kWarn, "kafka", {{"error", error.message()}});
}

}  // namespace audit::instance
