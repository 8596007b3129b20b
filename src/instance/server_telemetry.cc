#include "instance/server_telemetry.h"

namespace audit::instance {

void ShowServer(telemetry::Metrics& metrics, const http::Server& server) {
  auto& connections = metrics.AddGauge("audit_manager_http_connections", "Open HTTP connections.");
  auto& in_flight = metrics.AddGauge("audit_manager_http_requests_in_flight", "Requests that wait for their answer.");
  auto& accepted =
      metrics.AddCounter("audit_manager_http_connections_accepted_total", "Connections accepted since the start.");
  auto& refused = metrics.AddCounter("audit_manager_http_connections_refused_total",
                                     "Connections turned away because http.max_connections were open.");
  metrics.AddCollector([&] {
    const http::ServerStats stats = server.stats();
    connections.Set(static_cast<double>(stats.connections));
    in_flight.Set(static_cast<double>(stats.requests_in_flight));
    accepted.RaiseTo(static_cast<double>(stats.accepted_connections));
    refused.RaiseTo(static_cast<double>(stats.refused_connections));
  });
}

}  // namespace audit::instance
