#include "cli/completion_script.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/command_path.h"

namespace audit::cli {
namespace {

// The commands of bash that offer what a value described like this may be; empty: nothing is known.
std::string OffersFor(std::string text) {
  if (text == "FILE" || text == "DIR") {
    return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen " + std::string(text == "DIR" ? "-d" : "-f") +
           " -- \"$current\")";
  }
  if (text.find('|') == std::string::npos) return {};
  std::ranges::replace(text, '|', ' ');
  return "mapfile -t COMPREPLY < <(compgen -W '" + text + "' -- \"$current\")";
}

struct Cases {
  std::string next_word;  // which words lead from a command to the next
  std::string words;      // what may stand in a command
  std::string values;     // what may follow an option
};

void Collect(const CLI::App& command, Cases* cases) {
  const std::string path = CommandPath(command);
  std::string words;
  std::string argument;
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : at->get_options()) {
      // An argument without a dash says what it is by its name or by the values it may have.
      if (option->get_positional() && at == &command) {
        argument = OffersFor(option->get_name(true));
        if (argument.empty()) argument = OffersFor(option->get_option_text());
      }
      for (const std::string& name : option->get_lnames()) {
        words += "--" + name + ' ';
        if (option->get_items_expected_max() == 0) continue;  // takes no value
        const std::string offers = OffersFor(option->get_option_text());
        cases->values.append("    '").append(path).append(" --").append(name).append("') ").append(offers);
        cases->values.append(offers.empty() ? "return ;;\n" : "; return ;;\n");
      }
    }
  }
  for (const CLI::App* sub : command.get_subcommands({})) {
    words += sub->get_name() + ' ';
    cases->next_word += "      '" + path + ' ' + sub->get_name() + "') command='" + CommandPath(*sub) + "' ;;\n";
    Collect(*sub, cases);
  }
  if (!words.empty()) words.pop_back();
  const std::string offers = "mapfile -t COMPREPLY < <(compgen -W '" + words + "' -- \"$current\")";
  cases->words += "    '" + path + "') ";
  cases->words += argument.empty() ? offers : "if [[ $current == -* ]]; then " + offers + "; else " + argument + "; fi";
  cases->words += " ;;\n";
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  Cases cases;
  Collect(app, &cases);
  return "# bash completion for " + app.get_name() +
         "; made by `audit-manager completion bash`\n"
         "_audit_manager() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command=" +
         app.get_name() +
         " i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$command ${COMP_WORDS[i]}\" in\n" +
         cases.next_word +
         "    esac\n"
         "  done\n"
         "  case \"$command ${COMP_WORDS[COMP_CWORD - 1]}\" in\n" +
         cases.values +
         "  esac\n"
         "  case \"$command\" in\n" +
         cases.words +
         "  esac\n"
         "}\n"
         "complete -F _audit_manager " +
         app.get_name() + "\n";
}

}  // namespace audit::cli
