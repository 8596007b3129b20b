// Completion for shells, made from the command line itself, so that it knows what the binary knows.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace audit::cli {

// A bash script that completes the subcommands and options of `app`, the root. What an option takes
// is read from its text in the help: "a|b|c" are values, "FILE" is a file, "DIR" a directory.
[[nodiscard]] std::string BashCompletion(const CLI::App& app);

}  // namespace audit::cli
