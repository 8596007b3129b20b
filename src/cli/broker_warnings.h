// What a command that talks to the brokers tells its caller while it waits for them.
#pragma once

#include "kafka/connection_options.h"

namespace audit::cli {

// Warnings and errors of the connection on stderr, each text once, with the setting to look at.
[[nodiscard]] kafka::LogCallback BrokerWarnings();

}  // namespace audit::cli
