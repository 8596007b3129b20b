// Writes what the Debian package takes from the program itself: manual pages, completion, configuration file.
//
// usage: package_texts FOLDER
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "cli/app.h"
#include "cli/completion_script.h"
#include "cli/manual_page.h"
#include "config/documentation.h"

namespace {

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (file.flush()) return;
  std::cerr << "package_texts: cannot write " << path.string() << '\n';
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: package_texts FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  int exit_code = 0;
  const std::unique_ptr<CLI::App> app = audit::cli::BuildApp(&exit_code);
  for (const audit::cli::ManualPage& page : audit::cli::ManualPages(*app)) {
    Write(folder / "man" / (page.name + ".1"), page.text);
  }
  Write(folder / "completion" / "audit-manager", audit::cli::BashCompletion(*app));
  Write(folder / "completion" / "_audit-manager", audit::cli::ZshCompletion(*app));
  Write(folder / "completion" / "audit-manager.fish", audit::cli::FishCompletion(*app));
  Write(folder / "config.yaml", audit::config::InstalledFile("/var/lib/audit-manager"));
}
