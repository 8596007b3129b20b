#include "cli/usage_error.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>

#include "cli/command_path.h"

namespace audit::cli {
namespace {

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// The subcommand that the command line had reached.
const CLI::App& Deepest(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

std::vector<std::string> NamesFor(const CLI::App& command, bool options) {
  std::vector<std::string> names;
  if (options) {
    for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
      for (const CLI::Option* option : at->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
    }
  } else {
    for (const CLI::App* sub : command.get_subcommands({})) names.push_back(sub->get_name());
  }
  return names;
}

}  // namespace

std::string NearestName(std::string_view typed, const std::vector<std::string>& names) {
  std::string nearest;
  // A third of the letters wrong is a slip, more is another word.
  std::size_t best = std::max<std::size_t>(1, typed.size() / 3) + 1;
  for (const std::string& name : names) {
    const bool begun = typed.size() >= 2 && name.starts_with(typed) && typed != "--";
    const std::size_t distance = begun ? 1 : EditDistance(typed, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = Deepest(app);
  const std::vector<std::string> unknown = app.remaining(true);
  std::string text = "audit-manager: ";
  if (!unknown.empty()) {
    const std::string typed = unknown.front().substr(0, unknown.front().find('='));
    const bool option = typed.starts_with('-');
    const bool subcommand = !option && !command.get_subcommands({}).empty();
    text += std::string(option       ? "unknown option"
                        : subcommand ? "unknown command"
                                     : "unexpected argument") +
            ": " + typed;
    const std::string nearest = NearestName(typed, NamesFor(command, option));
    if (!nearest.empty()) text += ": did you mean " + nearest + "?";
  } else {
    text += error.what();
  }
  return text + "\nTry: " + CommandPath(command) + " --help\n";
}

}  // namespace audit::cli
