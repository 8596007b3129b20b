#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "env/file_system.h"
#include "instance/data_layout.h"
#include "spool/inspect.h"

namespace audit::cli {
namespace {

struct InspectFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::string directory;  // empty: the one that is configured
};

int RunInspect(const InspectFlags& flags) {
  std::string directory = flags.directory;
  if (directory.empty()) {
    const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
    if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
    directory = instance::SpoolDirectory(loaded->config);
  }
  const Result<spool::Inspection> inspection = spool::Inspect(env::PosixFileSystem(), directory);
  if (!inspection.ok() && inspection.error().code() == ErrorCode::kNotFound)
    return ReportFailure("no spool in " + directory + ": name its directory, or give --data-dir or --config"), kFailed;
  if (!inspection.ok()) return ReportFailure(inspection.error()), kFailed;
  const std::string text = spool::ToText(*inspection);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return inspection->damaged() ? kFailed : kOk;
}

}  // namespace

void AddSpool(CLI::App& app, int* exit_code) {
  CLI::App* spool =
      app.add_subcommand("spool", "Look at the log of accepted events that are on their way to the store");
  spool->require_subcommand(1);
  spool->footer("Examples:\n  audit-manager spool inspect --data-dir /var/lib/audit-manager");
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* inspect = spool->add_subcommand(
      "inspect", "Check every record and position: sequence, checksums, and that nothing is missing");
  inspect->add_option("DIR", flags->directory, "The spool directory; by default that of the configuration")
      ->option_text("DIR");
  flags->configuration = AddConfigurationFlags(*inspect);
  inspect->footer(
      "Reads only, and may run beside the service. What the files hold: docs/formats/spool.md.\n"
      "\n"
      "Examples:\n"
      "  audit-manager spool inspect\n"
      "  audit-manager spool inspect /mnt/rescued/spool\n"
      "\n"
      "Exit codes: 0 sound; 1 damaged, or not to be read; 2 the command line or the configuration is wrong.");
  inspect->callback([flags, exit_code] { *exit_code = RunInspect(*flags); });
}

}  // namespace audit::cli
