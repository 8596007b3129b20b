#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "config/config.h"
#include "instance/serve.h"

namespace audit::cli {
namespace {

struct ServeOptions {
  std::optional<std::string> config_file;
  std::map<std::string, std::string> overrides;  // by key of the configuration
};

int RunServe(const ServeOptions& options) {
  const Result<config::Loaded> loaded =
      config::Load(config::ProcessEnvironment(), options.config_file, options.overrides);
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message().c_str());
    return kUsage;
  }
  return instance::Serve(*loaded);
}

}  // namespace

void AddServe(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Run the service until SIGTERM or Ctrl-C");
  const auto add_override = [&](const std::string& option, const std::string& key, const std::string& type,
                                const std::string& description) {
    command
        ->add_option_function<std::string>(
            option, [options, key](const std::string& value) { options->overrides[key] = value; }, description)
        ->option_text(type);
  };
  command->add_option("--config", options->config_file, "The configuration file")->option_text("FILE");
  add_override("--roles", "roles", "LIST", "What this process does, of ingest,persist,maintain; all by default");
  add_override("--data-dir", "data_dir", "DIR", "Where events are kept");
  add_override("--port", "http.port", "PORT", "The port to listen on; 0 takes any free one");
  add_override("--log-level", "logging.level", "LEVEL", "debug, info, warn or error");
  command->footer(
      "Options go before the environment, that before the file, that before the defaults; see\n"
      "`audit-manager config`.\n"
      "\n"
      "Example:\n  audit-manager serve --data-dir /var/lib/audit-manager --port 8080");
  command->callback([&app, options, exit_code] {
    const CLI::Option* log_format = app.get_option("--log-format");
    if (log_format->count() != 0) options->overrides["logging.format"] = log_format->as<std::string>();
    *exit_code = RunServe(*options);
  });
}

}  // namespace audit::cli
