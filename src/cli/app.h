// The command line as a whole: which subcommands there are, what all of them share, and how a wrong
// one is answered.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace audit::cli {

// Everything of the command line. `exit_code` outlives the app.
[[nodiscard]] std::unique_ptr<CLI::App> BuildApp(int* exit_code);

// Parses, runs the chosen subcommand and gives the exit code of the process. Once a process.
int Run(int argc, const char* const* argv);

}  // namespace audit::cli
