#include "cli/command_path.h"

#include <CLI/CLI.hpp>

namespace audit::cli {

std::string CommandPath(const CLI::App& command, char separator) {
  if (command.get_parent() == nullptr) return command.get_name();
  return CommandPath(*command.get_parent(), separator) + separator + command.get_name();
}

}  // namespace audit::cli
