// Completion for shells, made from the command line itself, so that it knows what the binary knows.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace audit::cli {

// Each is a script that completes the subcommands and options of `app`, the root, with the values that
// completion_words.h reads from it. Sourced, it completes at once; beside that
//
//   bash: in bash-completion/completions/ it is loaded when needed, as audit-manager;
//   zsh:  in a folder of $fpath, as _audit-manager;
//   fish: in vendor_completions.d/ or completions/, as audit-manager.fish.
[[nodiscard]] std::string BashCompletion(const CLI::App& app);
[[nodiscard]] std::string ZshCompletion(const CLI::App& app);
[[nodiscard]] std::string FishCompletion(const CLI::App& app);

}  // namespace audit::cli
