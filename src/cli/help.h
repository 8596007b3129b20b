// How `--help` looks: text wrapped to the terminal, options and subcommands in two columns.
#pragma once

#include <memory>

namespace CLI {
class FormatterBase;
}

namespace audit::cli {

[[nodiscard]] std::shared_ptr<CLI::FormatterBase> NewHelpFormatter();

}  // namespace audit::cli
