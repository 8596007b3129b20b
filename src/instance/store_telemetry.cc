#include "instance/store_telemetry.h"

#include "telemetry/log.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

constexpr std::array kBatchEventsBuckets{1.0, 10.0, 50.0, 100.0, 250.0, 500.0, 1'000.0, 2'500.0, 5'000.0, 10'000.0};
constexpr std::array kBatchSecondsBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0};

telemetry::Counter& AddOutcome(telemetry::Metrics& metrics, const char* outcome) {
  const std::array labels{telemetry::Metrics::Label{"outcome", outcome}};
  return metrics.AddCounter("audit_manager_store_events_total", "Events dealt with, by what the store answered.",
                            labels);
}

}  // namespace

StoreTelemetry::StoreTelemetry(telemetry::Metrics& metrics)
    : stored_(AddOutcome(metrics, "stored")),
      duplicates_(AddOutcome(metrics, "duplicate")),
      conflicts_(AddOutcome(metrics, "conflict")),
      rejected_(AddOutcome(metrics, "rejected")),
      dead_letters_(metrics.AddCounter("audit_manager_dead_letters_total", "Events put into the dead-letter queue.")),
      unavailable_(metrics.AddCounter("audit_manager_store_unavailable_total",
                                      "Batches that the store could not take; each is tried again.")),
      batch_events_(metrics.AddHistogram("audit_manager_store_batch_events", "Events of one batch for the store.",
                                         kBatchEventsBuckets)),
      batch_seconds_(metrics.AddHistogram("audit_manager_store_batch_duration_seconds", "Time to store one batch.",
                                          kBatchSecondsBuckets)) {}

void StoreTelemetry::OnBatch(std::size_t stored, std::size_t duplicates, std::size_t conflicts, std::size_t rejected,
                             std::chrono::nanoseconds took) {
  stored_.Add(static_cast<double>(stored));
  duplicates_.Add(static_cast<double>(duplicates));
  conflicts_.Add(static_cast<double>(conflicts));
  rejected_.Add(static_cast<double>(rejected));
  batch_events_.Observe(static_cast<double>(stored + duplicates + conflicts + rejected));
  batch_seconds_.Observe(std::chrono::duration<double>(took).count());
}

void StoreTelemetry::OnDeadLetter(std::string_view reason, std::string_view id, std::string_view source,
                                  std::string_view trace_id, std::uint64_t offset) {
  dead_letters_.Increment();
  Log(LogLevel::kWarn, "an event cannot be stored and is in the dead-letter queue; see `audit-manager dlq`",
      {{"reason", reason}, {"id", id}, {"source", source}, {"trace_id", trace_id}, {"offset", offset}});
}

void StoreTelemetry::OnUnavailable(const Error& error, std::chrono::milliseconds retry_in) {
  unavailable_.Increment();
  Log(LogLevel::kWarn, "the store takes nothing; events are kept in the spool",
      {{"error", error.message()}, {"retry_in_ms", static_cast<std::int64_t>(retry_in.count())}});
}

void StoreTelemetry::OnAvailableAgain() { Log(LogLevel::kInfo, "the store takes events again"); }

}  // namespace audit::instance
