// The HTTP API of one process: what its I/O threads share. The way of a request is handler.h.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/ack_hub.h"
#include "api/health.h"
#include "api/request_metrics.h"
#include "build_info/build_info.h"
#include "env/clock.h"
#include "env/random.h"
#include "event/parser.h"
#include "http/handler.h"
#include "spool/spool.h"
#include "telemetry/metrics.h"

namespace audit::api {

struct Options {
  std::string service_id = "openg2p.auditmanager";  // `id` of every envelope
  std::string api_version = "1.0";                  // `version` of every envelope
  bool takes_events = true;                         // the role `ingest`
  AckMoment ack = AckMoment::kSynced;
  std::chrono::milliseconds replicated_timeout{2'000};  // with AckMoment::kReplicated; seen about every 250 ms
  event::Limits limits;
  std::int64_t max_future_skew_seconds = 86'400;
  // The oldest `time` that an event may have at `now`. Asked once a second a thread.
  std::function<time::UnixMicros(time::UnixMicros now)> earliest;
  // Seeds the ids that are made for events without one; called once an I/O thread.
  std::function<std::unique_ptr<env::Random>()> random;
  BuildInfo build;
  std::vector<std::pair<std::string, std::string>> settings;  // what GET /config shows
};

// Outlives the server that calls its handlers.
class Service {
 public:
  // `clock`, `metrics` and `health` outlive the service.
  Service(Options options, env::Clock& clock, telemetry::Metrics& metrics, const Health& health);

  // For http::Server. Requests are answered from then on; events are taken after Open.
  [[nodiscard]] http::HandlerFactory handlers();

  // Events go into `spool` from now on; `kick` wakes its flusher. Once, before anything was
  // appended to it. Both stay until the server has stopped.
  void Open(spool::Spool& spool, std::function<void()> kick);

  // For the handlers.
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] env::Clock& clock() const { return clock_; }
  [[nodiscard]] const Health& health() const { return health_; }
  [[nodiscard]] telemetry::Metrics& metrics() const { return metrics_; }
  [[nodiscard]] RequestMetrics& request_metrics() { return request_metrics_; }
  [[nodiscard]] AckHub& ack_hub() { return ack_hub_; }
  // All events of a request, or none. After Open.
  spool::AppendResult Append(std::span<const std::string_view> payloads);
  // Null: /health/ready is 200. Health::Ready, and no full disk that refuses events.
  [[nodiscard]] const Problem* Ready() const;
  void KickFlusher() const { kick_(); }  // after Open

 private:
  const Options options_;
  env::Clock& clock_;
  telemetry::Metrics& metrics_;
  const Health& health_;
  RequestMetrics request_metrics_;
  AckHub ack_hub_;
  std::function<void()> kick_;  // set before spool_, which publishes it
  std::atomic<spool::Spool*> spool_{nullptr};
  std::atomic<bool> disk_was_full_{false};  // for the last Append that needed room
};

}  // namespace audit::api
