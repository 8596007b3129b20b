#include "api/service.h"

#include <utility>

#include "api/handler.h"

namespace audit::api {

Service::Service(Options options, env::Clock& clock, telemetry::Metrics& metrics, const Health& health)
    : options_(std::move(options)),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      request_metrics_(metrics),
      ack_hub_(options_.ack) {}

http::HandlerFactory Service::handlers() {
  return [this](http::IoThread& thread) { return std::make_unique<Handler>(*this, thread); };
}

void Service::Open(spool::Spool& spool, std::function<void()> kick) {
  kick_ = std::move(kick);
  spool.AddListener(&ack_hub_);
  spool_.store(&spool, std::memory_order_release);
}

spool::AppendResult Service::Append(std::span<const std::string_view> payloads) {
  const spool::AppendResult result = spool_.load(std::memory_order_acquire)->Append(payloads);
  const bool full = result.status == spool::AppendStatus::kDiskFull;
  if (full != disk_was_full_.load(std::memory_order_relaxed)) disk_was_full_.store(full, std::memory_order_relaxed);
  return result;
}

const Problem* Service::Ready() const {
  if (const Problem* problem = health_.Ready()) return problem;
  // Callers that are sent elsewhere meanwhile cannot tell us that there is room again; the spool can.
  const bool full =
      disk_was_full_.load(std::memory_order_relaxed) && spool_.load(std::memory_order_acquire)->stats().disk_full;
  return full ? &problems::kDiskFull : nullptr;
}

}  // namespace audit::api
