// Whether the user of this service may write to a topic, asked without writing (preflight).
#pragma once

#include <chrono>
#include <string>

#include "errors/result.h"
#include "kafka/connection_options.h"

namespace audit::kafka {

// To a topic that is there: a client that asks for one that is missing may have the brokers make it.
Result<void> TryWrite(const ConnectionOptions& connection, const std::string& topic, std::chrono::milliseconds timeout);

// As a producer that repeats itself without writing twice, which is how the service writes. From Kafka 3.0 on whoever
// may write to any topic may do that; older brokers want a right of its own, to the cluster.
Result<void> TryIdempotence(const ConnectionOptions& connection, std::chrono::milliseconds timeout);

}  // namespace audit::kafka
