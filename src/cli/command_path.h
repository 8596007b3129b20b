// A command by its full name.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace audit::cli {

// "audit-manager dlq list", with `separator` between the words.
[[nodiscard]] std::string CommandPath(const CLI::App& command, char separator = ' ');

}  // namespace audit::cli
