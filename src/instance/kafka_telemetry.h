// What Kafka does for us and what it says, for log and metrics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "kafka/connection_options.h"
#include "kafka/kafka_source.h"
#include "kafka/source_observer.h"
#include "telemetry/metrics.h"

namespace audit::instance {

// librdkafka's own lines, as lines of ours; of those that are said again and again, one a minute.
[[nodiscard]] kafka::LogCallback KafkaLog();

class SourceTelemetry final : public kafka::SourceObserver {
 public:
  // Outlives the source; `metrics` outlives it.
  SourceTelemetry(telemetry::Metrics& metrics, std::string topic);

  // Shows how far the source is behind from now on. `source` and `clock` stay until the last scrape.
  void ShowLag(const kafka::KafkaSource& source, const env::Clock& clock);

  void OnAssignment(std::span<const std::int32_t> partitions, bool lost) override;
  void OnGroupRefused(const Error& error) override;
  void OnHole(const kafka::Hole& hole) override;
  void OnConnectionFailed() override;
  void OnBrokerError(const Error& error) override;

 private:
  const std::string topic_;
  telemetry::Metrics& metrics_;
  std::map<std::int32_t, telemetry::Gauge*> lag_;  // by partition, of all that were ever ours
  telemetry::Gauge& assigned_;
  telemetry::Counter& rebalances_;
  telemetry::Counter& refusals_;
  telemetry::Counter& holes_;
  telemetry::Counter& missing_;
  telemetry::Counter& errors_;
};

}  // namespace audit::instance
