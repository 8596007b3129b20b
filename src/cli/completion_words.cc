#include "cli/completion_words.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "cli/command_path.h"

namespace audit::cli {
namespace {

CompletionValue ValueOf(const std::string& text) {
  CompletionValue value;
  value.text = text;
  if (text == "FILE") value.kind = CompletionValue::Kind::kFile;
  if (text == "DIR") value.kind = CompletionValue::Kind::kDirectory;
  if (text.find('|') == std::string::npos) return value;
  value.kind = CompletionValue::Kind::kChoice;
  std::istringstream choices(text);
  for (std::string choice; std::getline(choices, choice, '|');) value.choices.push_back(choice);
  return value;
}

CompletionOption Described(const CLI::Option& option, std::string name, const std::string& text) {
  CompletionOption described;
  described.name = std::move(name);
  described.description = option.get_description();
  if (option.get_items_expected_max() > 0) described.value = ValueOf(text);
  described.repeatable = option.get_items_expected_max() > 1;
  return described;
}

// An argument without a dash says what it is by its name or by the values it may have.
std::optional<CompletionOption> ArgumentOf(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true);
    const bool choice = option->get_option_text().find('|') != std::string::npos;
    return Described(*option, name, choice ? option->get_option_text() : name);
  }
  return std::nullopt;
}

}  // namespace

std::string CompletionValue::Choices() const {
  std::string words;
  for (const std::string& choice : choices) words += (words.empty() ? "" : " ") + choice;
  return words;
}

CompletionCommand CompletionWords(const CLI::App& app) {
  CompletionCommand command;
  command.path = CommandPath(app);
  command.name = app.get_name();
  command.description = app.get_description();
  command.argument = ArgumentOf(app);
  for (const CLI::App* at = &app; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      for (const std::string& word : option->get_lnames()) {
        const std::string name = "--" + word;
        if (std::ranges::find(command.options, name, &CompletionOption::name) != command.options.end()) continue;
        command.options.push_back(Described(*option, name, option->get_option_text()));
      }
    }
  }
  for (const CLI::App* sub : app.get_subcommands({})) command.below.push_back(CompletionWords(*sub));
  return command;
}

std::vector<const CompletionCommand*> AllCommands(const CompletionCommand& root) {
  std::vector<const CompletionCommand*> all = {&root};
  for (const CompletionCommand& command : root.below) std::ranges::copy(AllCommands(command), std::back_inserter(all));
  return all;
}

}  // namespace audit::cli
