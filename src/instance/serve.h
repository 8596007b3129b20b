// `audit-manager serve`: one instance from its start to its end.
#pragma once

#include "config/config.h"

namespace audit::instance {

// Runs until SIGTERM or SIGINT; a second one cuts the waiting of the shutdown short. SIGHUP reads
// the TLS certificate and key again. A supervisor that asks for it is told (supervisor.h). Returns the exit code of the
// process: 0 after a clean stop, 1 after a start that failed or when events could not be made durable any more; the log
// says why. Once a process, before it has other threads.
int Serve(const config::Loaded& loaded);

}  // namespace audit::instance
