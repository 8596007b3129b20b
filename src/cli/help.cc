#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace audit::cli {
namespace {

constexpr std::size_t kColumn = 30;     // where descriptions begin
constexpr std::size_t kMaxWidth = 100;  // longer lines are hard to read, however wide the terminal

// `text` at column `indent`, wrapped to `width`; lines that it has already stay apart.
std::string Wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::istringstream lines{std::string(text)};
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (!out.empty()) out += '\n' + std::string(indent, ' ');
    std::size_t column = indent;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (column > indent && column + 1 + word.size() > width) {
        out += '\n' + std::string(indent, ' ');
        column = indent;
      } else if (column > indent) {
        out += ' ';
        ++column;
      }
      out += word;
      column += word.size();
    }
  }
  return out;
}

class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() {
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
  }

  std::string make_description(const CLI::App* app) const override {
    return Wrap(app->get_description(), 0, Width()) + "\n\n";
  }

  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return Row(make_option_name(option, is_positional) + (is_positional ? "" : make_option_opts(option)),
               make_option_desc(option));
  }

  std::string make_subcommand(const CLI::App* command) const override {
    return Row(command->get_name(), command->get_description());
  }

 private:
  static std::size_t Width() { return std::min(kMaxWidth, TerminalWidth(1)); }

  static std::string Row(const std::string& name, const std::string& description) {
    std::string row = "  " + name;
    if (row.size() + 2 > kColumn) {
      row += '\n' + std::string(kColumn, ' ');
    } else {
      row.resize(kColumn, ' ');
    }
    return row + Wrap(description, kColumn, Width()) + '\n';
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> NewHelpFormatter() { return std::make_shared<HelpFormatter>(); }

}  // namespace audit::cli
