// What the spool does, for log and metrics.
#pragma once

#include "env/clock.h"
#include "spool/failed_flush.h"
#include "spool/spool.h"
#include "telemetry/metrics.h"

namespace audit::instance {

class SpoolTelemetry final : public spool::Observer {
 public:
  // Outlives the spool; `metrics` outlives it.
  explicit SpoolTelemetry(telemetry::Metrics& metrics);

  // Shows the spool's state, and its disk budget, from now on. `clock` and `spool` stay until the last scrape.
  static void ShowState(telemetry::Metrics& metrics, const spool::Spool& spool, std::uint64_t max_bytes,
                        const env::Clock& clock);

  // A flush failed for good: to be called at once, and by later processes as soon as they know of it.
  void ShowFailedFlush(const spool::FailedFlush& failed);

  void OnTornTail(const std::string& segment, std::uint64_t bytes) override;
  void OnDamage(const std::string& segment, spool::Sequence first_missing, spool::Sequence last_missing) override;
  void OnPositionLost(const std::string& reader) override;
  void OnMaintenanceFailed(const Error& error) override;
  void OnFlush(std::size_t records, std::size_t bytes, std::chrono::nanoseconds write,
               std::chrono::nanoseconds sync) override;

 private:
  telemetry::Counter& torn_tails_;
  telemetry::Counter& missing_records_;
  telemetry::Counter& lost_positions_;
  telemetry::Counter& maintenance_failures_;
  telemetry::Gauge& last_failed_flush_;
  telemetry::Counter& flushed_records_;
  telemetry::Counter& flushed_bytes_;
  telemetry::Histogram& write_seconds_;
  telemetry::Histogram& sync_seconds_;
};

}  // namespace audit::instance
