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

}  // namespace audit::api
