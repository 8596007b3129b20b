// Whether a broker answers at an address of its own (preflight): clients come by with any broker of the list, so that
// one that is away, or announces an address that cannot be reached from here, is noticed by nobody.
#pragma once

#include <chrono>
#include <string>

#include "errors/result.h"
#include "kafka/connection_options.h"

namespace audit::kafka {

// `address` is "host:port". kUnavailable says why: no connection, TLS, a login that is refused.
Result<void> ReachBroker(ConnectionOptions connection, const std::string& address, std::chrono::milliseconds timeout);

}  // namespace audit::kafka
