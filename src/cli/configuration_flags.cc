#include "cli/configuration_flags.h"

#include <CLI/CLI.hpp>
#include <map>

namespace audit::cli {

std::shared_ptr<const ConfigurationFlags> AddConfigurationFlags(CLI::App& command) {
  auto flags = std::make_shared<ConfigurationFlags>();
  command.add_option("--config", flags->file, "The configuration file; else $CONFIG_PATH, else config/default.yaml")
      ->option_text("FILE");
  command.add_option("--data-dir", flags->data_dir, "Where the service keeps its events")->option_text("DIR");
  return flags;
}

Result<config::Loaded> LoadConfiguration(const ConfigurationFlags& flags) {
  std::map<std::string, std::string> overrides;
  if (!flags.data_dir.empty()) overrides["data_dir"] = flags.data_dir;
  return config::Load(config::ProcessEnvironment(), flags.file, overrides);
}

}  // namespace audit::cli
