#include "preflight/preflight.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/preflight_output.h"
#include "cli/terminal.h"

namespace audit::cli {
namespace {

struct PreflightFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  preflight::Expectations expectations;
  int store_outage_hours = 72;
  double timeout_seconds = 5;
  bool without_python = false;
  bool warnings_count = false;
  bool json = false;
};

int RunPreflight(const PreflightFlags& flags) {
  preflight::Expectations expectations = flags.expectations;
  expectations.store_outage = std::chrono::hours(flags.store_outage_hours);
  expectations.python_may_return = !flags.without_python;
  const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  const preflight::Report report = preflight::Inspect(LoadConfiguration(*flags.configuration), expectations, timeout);
  const std::string text =
      flags.json ? FindingsJson(report.findings)
                 : FindingsText(report.findings, IsTerminal(STDOUT_FILENO) ? TerminalWidth(STDOUT_FILENO) : 0,
                                ColoursAllowed(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  const bool good = std::ranges::none_of(report.findings, [&](const preflight::Finding& finding) {
    return finding.verdict == preflight::Verdict::kError ||
           (flags.warnings_count && finding.verdict == preflight::Verdict::kWarning);
  });
  const int exit_code = good ? kOk : kFailed;
  if (report.abandoned) {
    std::fflush(stdout);
    std::_Exit(exit_code);
  }
  return exit_code;
}

}  // namespace

void AddPreflight(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<PreflightFlags>();
  CLI::App* command =
      app.add_subcommand("preflight", "Look at all that the service needs here, before it runs; changes nothing");
  flags->configuration = AddConfigurationFlags(*command);
  command->add_option("--replicas", flags->expectations.replicas, "2 by default: how many will run")
      ->check(CLI::Range(1, 10'000))
      ->option_text("N");
  command
      ->add_option("--store-outage", flags->store_outage_hours,
                   "72 by default: how long PostgreSQL may be away and "
                   "nothing be lost")
      ->check(CLI::Range(0, 87'600))
      ->option_text("HOURS");
  command->add_flag("--without-python", flags->without_python,
                    "The Python service neither runs beside this one nor comes back: what it cannot read is no matter");
  command->add_option("--timeout", flags->timeout_seconds, "5 by default: how long each question may take")
      ->check(CLI::Range(0.1, 600.0))
      ->option_text("SECONDS");
  command->add_flag("--strict", flags->warnings_count, "Warnings make the exit code 1 too");
  command->add_flag("--json", flags->json, "For machines");
  command->footer(
      "Run it where the service will run, as its user and with its environment, while it does not run there: the\n"
      "port and the disk are those of this machine. No topic, table or row is written.\n"
      "\n"
      "Examples:\n"
      "  audit-manager preflight\n"
      "  audit-manager preflight --config new.yaml --replicas 4 --strict\n"
      "  audit-manager preflight --json | jq '.findings[] | select(.result == \"error\")'\n"
      "\n"
      "Exit codes: 0 no errors; 1 errors, also in the configuration; 2 the command line is wrong.");
  command->callback([flags, exit_code] { *exit_code = RunPreflight(*flags); });
}

}  // namespace audit::cli
