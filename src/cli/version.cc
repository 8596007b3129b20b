#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "build_info/build_info.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

namespace audit::cli {

void AddVersion(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version, the commit and the time of the build");
  command->footer("Example:\n  audit-manager version");
  command->callback([exit_code] {
    const BuildInfo& build = ThisBuild();
    std::printf("audit-manager %s\ncommit %s\nbuilt %s\n", std::string(build.service_version).c_str(),
                std::string(build.git_commit).c_str(), std::string(build.build_time).c_str());
    *exit_code = kOk;
  });
}

}  // namespace audit::cli
