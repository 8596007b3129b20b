// The options by which a subcommand is told which configuration counts, the same for all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/config.h"
#include "errors/result.h"

namespace CLI {
class App;
}

namespace audit::cli {

struct ConfigurationFlags {
  std::optional<std::string> file;
  std::string data_dir;  // empty: as configured
};

// Adds --config and --data-dir. What is returned is filled when the command line is parsed.
[[nodiscard]] std::shared_ptr<const ConfigurationFlags> AddConfigurationFlags(CLI::App& command);

// The effective configuration, as `serve` would see it in this environment.
Result<config::Loaded> LoadConfiguration(const ConfigurationFlags& flags);

}  // namespace audit::cli
