// What the API counts: requests by route and status, refusals by code, accepted events and how long
// a 202 took.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "api/error_catalogue.h"
#include "api/routes.h"
#include "telemetry/metrics.h"

namespace audit::api {

// Any thread.
class RequestMetrics {
 public:
  explicit RequestMetrics(telemetry::Metrics& metrics);

  void Answered(Route route, int status);
  void Refused(Code code);
  void Accepted(std::size_t events, std::chrono::nanoseconds took);

 private:
  struct StatusCounter {
    int status;
    telemetry::Counter* requests;
  };
  std::array<std::vector<StatusCounter>, kRoutes> requests_;  // by Route; as many as InfoOf(route).statuses
  std::array<telemetry::Counter*, kCodeSlots> refused_{};     // by Code; null where there is no such code
  telemetry::Counter& accepted_;
  telemetry::Histogram& accept_seconds_;
};

}  // namespace audit::api
