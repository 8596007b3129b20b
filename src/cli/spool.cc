#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "env/file_system.h"
#include "instance/data_layout.h"
#include "instance/drain.h"
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

struct DrainFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::string directory;
  double timeout_seconds = 600;
};

int RunDrain(const DrainFlags& flags) {
  const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
  if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
  if (loaded->config.log_backend != config::LogBackend::kKafka) {
    ReportFailure("spool drain publishes to Kafka: set kafka.bootstrap_servers");
    return kUsage;
  }
  const auto patience = std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  const auto drained = instance::DrainSpool(loaded->config, flags.directory, patience);
  if (!drained.ok()) return ReportFailure(drained.error()), kFailed;
  std::printf("%llu events published, %llu left\n", static_cast<unsigned long long>(drained->published),
              static_cast<unsigned long long>(drained->left));
  if (drained->left == 0) return kOk;
  ReportFailure(drained->trouble ? *drained->trouble
                                 : Error(ErrorCode::kTimeout, "Kafka did not take all of it within " +
                                                                  std::to_string(patience.count() / 1'000) + " s"));
  ReportFailure("what is left stays in " + flags.directory + ": run this again");
  return kFailed;
}

void AddDrain(CLI::App& spool, int* exit_code) {
  auto flags = std::make_shared<DrainFlags>();
  CLI::App* drain =
      spool.add_subcommand("drain", "Publish what the spool of an instance that is gone still holds, then end");
  drain->add_option("--dir", flags->directory, "The spool directory")->required()->option_text("DIR");
  flags->configuration = AddConfigurationFlags(*drain);
  drain->add_option("--timeout", flags->timeout_seconds, "600 by default: how long it may take")
      ->check(CLI::Range(1.0, 604'800.0))
      ->option_text("SECONDS");
  drain->footer(
      "For a replica that was scaled away or a volume of a dead machine. The instance must not be running. What was\n"
      "published before and is published again changes nothing in the store.\n"
      "\n"
      "Examples:\n"
      "  audit-manager spool drain --dir /mnt/rescued/spool\n"
      "\n"
      "Exit codes: 0 the topic has all of it; 1 something is left, or it could not be read; 2 the command line or the\n"
      "configuration is wrong.");
  drain->callback([flags, exit_code] { *exit_code = RunDrain(*flags); });
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
  AddDrain(*spool, exit_code);
}

}  // namespace audit::cli
