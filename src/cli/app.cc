#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/usage_error.h"

namespace audit::cli {

std::unique_ptr<CLI::App> BuildApp(int* exit_code) {
  auto app = std::make_unique<CLI::App>("Takes in audit events, keeps them, and finds them again.", "audit-manager");
  app->formatter(NewHelpFormatter());
  app->require_subcommand(1);
  app->fallthrough();  // --log-format may stand behind the subcommand too
  app->add_option_function<std::string>("--log-format", SetReportFormat, "How messages on standard error look")
      ->check(CLI::IsMember({"json", "text"}))
      ->option_text("json|text");
  app->footer(
      "Examples:\n"
      "  audit-manager serve                       run the service, events and store in ./data\n"
      "  audit-manager emit events.ndjson          send events to it\n"
      "  audit-manager events --since 1h           look at what was stored\n"
      "  audit-manager emit --help                 all options of a subcommand\n"
      "\n"
      "Exit codes: 0 done; 1 it failed or was refused; 2 the command line or the configuration is wrong.");
  AddServe(*app, exit_code);
  AddEmit(*app, exit_code);
  AddEvents(*app, exit_code);
  AddDlq(*app, exit_code);
  AddSpool(*app, exit_code);
  AddPreflight(*app, exit_code);
  AddTopics(*app, exit_code);
  AddSchema(*app, exit_code);
  AddConfig(*app, exit_code);
  AddHealthcheck(*app, exit_code);
  AddMetrics(*app, exit_code);
  AddCompletion(*app, exit_code);
  AddVersion(*app, exit_code);
  return app;
}

int Run(int argc, const char* const* argv) {
  int exit_code = kOk;
  const std::unique_ptr<CLI::App> app = BuildApp(&exit_code);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app->exit(success);  // --help
  } catch (const CLI::ParseError& error) {
    std::cerr << DescribeUsageError(*app, error);
    return kUsage;
  }
  return exit_code;
}

}  // namespace audit::cli
