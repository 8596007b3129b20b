#include "instance/spool_telemetry.h"

#include <array>

#include "telemetry/log.h"
#include "time/unix_micros.h"

namespace audit::instance {
namespace {

using telemetry::Log;
using telemetry::LogLevel;

// From a fast NVMe's sync to that of a disk in trouble.
constexpr std::array kFlushBuckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                   0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1.0};

double Seconds(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

SpoolTelemetry::SpoolTelemetry(telemetry::Metrics& metrics)
    : torn_tails_(metrics.AddCounter("audit_manager_spool_torn_tails_total",
                                     "Unfinished writes found at the end of the spool and cut off.")),
      missing_records_(metrics.AddCounter("audit_manager_spool_missing_records_total",
                                          "Records of the spool that were synced and could not be read back.")),
      lost_positions_(
          metrics.AddCounter("audit_manager_spool_lost_positions_total", "Reader positions that could not be read.")),
      maintenance_failures_(metrics.AddCounter("audit_manager_spool_maintenance_failures_total",
                                               "Failed attempts to prepare or recycle a segment.")),
      last_failed_flush_(metrics.AddGauge("audit_manager_spool_last_failed_flush_timestamp_seconds",
                                          "When a write or a sync of the spool last failed, which ends the process; "
                                          "0 if none ever did.")),
      flushed_records_(metrics.AddCounter("audit_manager_spool_flushed_records_total", "Records written and synced.")),
      flushed_bytes_(metrics.AddCounter("audit_manager_spool_flushed_bytes_total", "Bytes written and synced.")),
      write_seconds_(metrics.AddHistogram("audit_manager_spool_write_duration_seconds",
                                          "Time of the write of one group commit.", kFlushBuckets)),
      sync_seconds_(metrics.AddHistogram("audit_manager_spool_sync_duration_seconds",
                                         "Time of the sync of one group commit.", kFlushBuckets)) {}

void SpoolTelemetry::ShowState(telemetry::Metrics& metrics, const spool::Spool& spool, std::uint64_t max_bytes,
                               const env::Clock& clock) {
  metrics.AddGauge("audit_manager_spool_disk_budget_bytes", "Disk space that the spool may take: spool.max_bytes.")
      .Set(static_cast<double>(max_bytes));
  auto& queue_records =
      metrics.AddGauge("audit_manager_spool_queue_records", "Events in the queue, not yet written to disk.");
  auto& queue_bytes = metrics.AddGauge("audit_manager_spool_queue_bytes", "The same in bytes.");
  auto& disk_bytes = metrics.AddGauge("audit_manager_spool_disk_bytes", "Disk space that the spool takes.");
  auto& segments = metrics.AddGauge("audit_manager_spool_segments", "Segment files of the spool.");
  auto& damaged = metrics.AddGauge("audit_manager_spool_damaged_segments", "Segment files set aside as damaged.");
  auto& undelivered = metrics.AddGauge("audit_manager_spool_undelivered_records",
                                       "Events on disk that are not stored yet: the backlog.");
  auto& oldest = metrics.AddGauge("audit_manager_spool_oldest_undelivered_age_seconds",
                                  "Age of the oldest event that is not stored yet; 0 if there is none.");
  metrics.AddCollector([&] {
    const spool::Stats stats = spool.stats();
    queue_records.Set(static_cast<double>(stats.queued_records));
    queue_bytes.Set(static_cast<double>(stats.queued_bytes));
    disk_bytes.Set(static_cast<double>(stats.disk_bytes));
    segments.Set(static_cast<double>(stats.segments));
    damaged.Set(static_cast<double>(stats.damaged_segments));
    undelivered.Set(static_cast<double>(stats.synced.value - stats.delivered.value));
    const std::int64_t since = stats.oldest_undelivered.value;
    oldest.Set(since == 0 ? 0 : static_cast<double>(clock.Now().value - since) / time::kMicrosPerSecond);
  });
}

void SpoolTelemetry::ShowFailedFlush(const spool::FailedFlush& failed) {
  last_failed_flush_.Set(static_cast<double>(failed.at.value) / time::kMicrosPerSecond);
}

void SpoolTelemetry::OnTornTail(const std::string& segment, std::uint64_t bytes) {
  torn_tails_.Increment();
  Log(LogLevel::kInfo, "an unfinished write at the end of the spool, never acknowledged, was cut off",
      {{"segment", segment}, {"bytes", bytes}});
}

void SpoolTelemetry::OnDamage(const std::string& segment, spool::Sequence first_missing, spool::Sequence last_missing) {
  missing_records_.Add(static_cast<double>(last_missing.value - first_missing.value + 1));
  Log(LogLevel::kError, "records of the spool are damaged; the segment is set aside, look at it with `spool inspect`",
      {{"segment", segment}, {"first_missing", first_missing.value}, {"last_missing", last_missing.value}});
}

void SpoolTelemetry::OnPositionLost(const std::string& reader) {
  lost_positions_.Increment();
  Log(LogLevel::kError,
      "a reader's position cannot be read; it starts again at the oldest record, repeats change nothing",
      {{"reader", reader}});
}

void SpoolTelemetry::OnMaintenanceFailed(const Error& error) {
  maintenance_failures_.Increment();
  Log(LogLevel::kWarn, "a segment of the spool could not be prepared or recycled; trying again",
      {{"error", error.message()}});
}

void SpoolTelemetry::OnFlush(std::size_t records, std::size_t bytes, std::chrono::nanoseconds write,
                             std::chrono::nanoseconds sync) {
  flushed_records_.Add(static_cast<double>(records));
  flushed_bytes_.Add(static_cast<double>(bytes));
  write_seconds_.Observe(Seconds(write));
  sync_seconds_.Observe(Seconds(sync));
}

}  // namespace audit::instance
