// The environment's part of the configuration.
#pragma once

#include <string>
#include <vector>

#include "config/assignment.h"

namespace audit::config {

struct EnvironmentRead {
  Assignments assignments;            // those of ours, known or not
  std::vector<std::string> warnings;  // what is passed over though somebody may rely on it
};

// Ours are the names that begin with AUDIT_MANAGER__, in any case as the Python service took them,
// and DB_HOST and its like. An empty value counts as not set, as compose files write it.
[[nodiscard]] EnvironmentRead ReadEnvironment(const Environment& environment);

}  // namespace audit::config
