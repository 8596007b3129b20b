#include "config/config.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/settings_output.h"
#include "cli/terminal.h"

namespace audit::cli {
namespace {

struct ConfigFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::string format = "table";
  bool check = false;
};

int RunConfig(const ConfigFlags& flags) {
  const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
  if (!loaded.ok()) return ReportFailure(loaded.error()), flags.check ? kFailed : kUsage;
  for (const std::string& warning : loaded->warnings) ReportWarning(warning);
  if (flags.check) {
    std::printf("the configuration is good%s%s\n", loaded->file.empty() ? "" : ": ", loaded->file.c_str());
    return kOk;
  }
  const bool terminal = IsTerminal(STDOUT_FILENO);
  const std::string text =
      flags.format == "json" ? SettingsJson(*loaded)
      : flags.format == "yaml"
          ? SettingsYaml(*loaded)
          : SettingsTable(*loaded, terminal ? TerminalWidth(STDOUT_FILENO) : 0, ColoursAllowed(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  return kOk;
}

}  // namespace

void AddConfig(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<ConfigFlags>();
  CLI::App* command = app.add_subcommand("config", "Show the settings that count here, and where each comes from");
  flags->configuration = AddConfigurationFlags(*command);
  command->add_option("--format", flags->format, "table by default; yaml can be read back with --config")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->option_text("table|json|yaml");
  command->add_flag("--check", flags->check, "Only say whether the configuration is good");
  command->footer(
      "Secrets are shown as ********. What each setting means: docs/configuration.md.\n"
      "\n"
      "Examples:\n"
      "  audit-manager config\n"
      "  audit-manager config --config new.yaml --check\n"
      "  AUDIT_MANAGER__HTTP__PORT=8080 audit-manager config | grep environment\n"
      "\n"
      "Exit codes: 0 it is good; 1 --check found it wrong; 2 it is wrong, so there is nothing to show.");
  command->callback([flags, exit_code] { *exit_code = RunConfig(*flags); });
}

}  // namespace audit::cli
