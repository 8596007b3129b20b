#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/completion_script.h"
#include "cli/exit_code.h"

namespace audit::cli {

void AddCompletion(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes this command line in a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash")->required()->check(CLI::IsMember({"bash"}))->option_text("bash|");
  command->footer(
      "Examples:\n"
      "  source <(audit-manager completion bash)\n"
      "  audit-manager completion bash > /etc/bash_completion.d/audit-manager");
  command->callback([&app, shell, exit_code] {
    std::fputs(BashCompletion(app).c_str(), stdout);
    *exit_code = kOk;
  });
}

}  // namespace audit::cli
