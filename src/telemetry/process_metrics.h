// What the process itself uses, by the names that every Prometheus client gives it, and which build
// it is.
#pragma once

#include "telemetry/metrics.h"

namespace audit::telemetry {

// Registers them with a collector that reads /proc/self at every scrape. Where that cannot be read a
// value stays as it was.
void AddProcessMetrics(Metrics& metrics);

}  // namespace audit::telemetry
