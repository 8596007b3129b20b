#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/completion_script.h"
#include "cli/exit_code.h"

namespace audit::cli {

void AddCompletion(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("completion", "Print a script that completes this command line in a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->option_text("bash|zsh|fish");
  command->footer(
      "The Debian package brings all three along.\n"
      "\n"
      "Examples:\n"
      "  source <(audit-manager completion bash)            in ~/.bashrc\n"
      "  source <(audit-manager completion zsh)             in ~/.zshrc, behind compinit\n"
      "  audit-manager completion fish > ~/.config/fish/completions/audit-manager.fish");
  command->callback([&app, shell, exit_code] {
    const std::map<std::string, std::string (*)(const CLI::App&)> scripts = {
        {"bash", BashCompletion}, {"zsh", ZshCompletion}, {"fish", FishCompletion}};
    std::fputs(scripts.at(*shell)(app).c_str(), stdout);
    *exit_code = kOk;
  });
}

}  // namespace audit::cli
