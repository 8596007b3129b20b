// The HTTP server's connections, for metrics.
#pragma once

#include "http/server.h"
#include "telemetry/metrics.h"

namespace audit::instance {

// `server` stays until the last scrape.
void ShowServer(telemetry::Metrics& metrics, const http::Server& server);

}  // namespace audit::instance
