#include "api/request_metrics.h"

#include <string>

namespace audit::api {
namespace {

using Label = telemetry::Metrics::Label;

// From below one fdatasync of a fast disk to a sync that is in trouble.
constexpr std::array kAcceptBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                    0.025,  0.05,    0.1,    0.25,  0.5,    1.0,   2.5};

constexpr std::array kCodes{Code::kMalformed,   Code::kInvalidEvent,     Code::kMediaType,     Code::kNoRoom,
                            Code::kNotServing,  Code::kStoreUnreachable, Code::kTooManyEvents, Code::kTooLarge,
                            Code::kNoSuchRoute, Code::kTimeout};

}  // namespace

RequestMetrics::RequestMetrics(telemetry::Metrics& metrics)
    : accepted_(metrics.AddCounter("audit_manager_events_accepted_total", "Events answered 202.")),
      accept_seconds_(metrics.AddHistogram("audit_manager_accept_duration_seconds",
                                           "From the arrival of a request with events to its 202.", kAcceptBuckets)) {
  for (std::size_t i = 0; i < kRoutes; ++i) {
    const RouteInfo& info = InfoOf(static_cast<Route>(i));
    for (const int status : info.statuses) {
      const std::array labels{Label{"route", std::string(info.path)}, Label{"status", std::to_string(status)}};
      requests_.at(i).push_back({status, &metrics.AddCounter("audit_manager_http_requests_total",
                                                             "HTTP requests answered, by route and status.", labels)});
    }
  }
  for (const Code code : kCodes) {
    const std::array labels{Label{"code", std::string(Name(code))}};
    refused_.at(static_cast<std::size_t>(code)) = &metrics.AddCounter(
        "audit_manager_requests_refused_total", "Requests answered with an error, by its code.", labels);
  }
}

void RequestMetrics::Answered(Route route, int status) {
  for (const StatusCounter& counter : requests_.at(static_cast<std::size_t>(route))) {
    if (counter.status == status) counter.requests->Increment();
  }
}

void RequestMetrics::Refused(Code code) { refused_.at(static_cast<std::size_t>(code))->Increment(); }

void RequestMetrics::Accepted(std::size_t events, std::chrono::nanoseconds took) {
  accepted_.Add(static_cast<double>(events));
  accept_seconds_.Observe(std::chrono::duration<double>(took).count());
}

}  // namespace audit::api
