// What becomes of events on their way into the store, for log and metrics.
#pragma once

#include <array>

#include "pipeline/persister.h"
#include "telemetry/metrics.h"

namespace audit::instance {

class StoreTelemetry final : public pipeline::PersisterObserver {
 public:
  // Outlives the persister; `metrics` outlives it.
  explicit StoreTelemetry(telemetry::Metrics& metrics);

  void OnBatch(std::size_t stored, std::size_t duplicates, std::size_t conflicts, std::size_t rejected,
               std::chrono::nanoseconds took) override;
  void OnDeadLetter(std::string_view reason, std::string_view id, std::string_view source, std::string_view trace_id,
                    std::uint64_t offset) override;
  void OnUnavailable(const Error& error, std::chrono::milliseconds retry_in) override;
  void OnAvailableAgain() override;

 private:
  telemetry::Counter& stored_;
  telemetry::Counter& duplicates_;
  telemetry::Counter& conflicts_;
  telemetry::Counter& rejected_;
  telemetry::Counter& dead_letters_;
  telemetry::Counter& unavailable_;
  telemetry::Histogram& batch_events_;
  telemetry::Histogram& batch_seconds_;
};

}  // namespace audit::instance
