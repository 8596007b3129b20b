// What lies where in a data directory: for the process that writes it, and for the commands that look
// at it from outside.
#pragma once

#include <string>

#include "config/config.h"

namespace audit::instance {

[[nodiscard]] inline std::string SpoolDirectory(const config::Config& config) { return config.data_dir + "/spool"; }
[[nodiscard]] inline std::string StoreDirectory(const config::Config& config) { return config.data_dir + "/store"; }
[[nodiscard]] inline std::string DeadLetterFile(const config::Config& config) {
  return StoreDirectory(config) + "/dead_letters.db";
}
// What Kafka refused, of this instance.
[[nodiscard]] inline std::string SetAsideFile(const config::Config& config) {
  return config.data_dir + "/set_aside.db";
}

}  // namespace audit::instance
