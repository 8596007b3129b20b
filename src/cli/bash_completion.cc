
#include "cli/completion_script.h"
#include "cli/completion_words.h"

namespace audit::cli {
namespace {

std::string OfferWords(const std::string& words) {
  return "mapfile -t COMPREPLY < <(compgen -W '" + words + "' -- \"$current\")";
}

// The commands of bash that offer what such a value may be; empty: nothing is known.
std::string Offers(const CompletionValue& value) {
  switch (value.kind) {
    case CompletionValue::Kind::kAnything: return {};
    case CompletionValue::Kind::kFile:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")";
    case CompletionValue::Kind::kDirectory:
      return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$current\")";
    case CompletionValue::Kind::kChoice: break;
  }
  return OfferWords(value.Choices());
}

struct Cases {
  std::string next_word;  // which words lead from a command to the next
  std::string words;      // what may stand in a command
  std::string values;     // what may follow an option
};

void AppendCases(const CompletionCommand& command, Cases* cases) {
  std::string words;
  for (const CompletionOption& option : command.options) {
    words += option.name + ' ';
    if (!option.value) continue;
    const std::string offers = Offers(*option.value);
    cases->values += "    '" + command.path + ' ' + option.name + "') " + offers;
    cases->values += offers.empty() ? "return ;;\n" : "; return ;;\n";
  }
  for (const CompletionCommand& sub : command.below) {
    words += sub.name + ' ';
    cases->next_word += "      '" + sub.path + "') command='" + sub.path + "' ;;\n";
  }
  if (!words.empty()) words.pop_back();
  const std::string argument = command.argument ? Offers(*command.argument->value) : "";
  cases->words += "    '" + command.path + "') ";
  cases->words += argument.empty()
                      ? OfferWords(words)
                      : "if [[ $current == -* ]]; then " + OfferWords(words) + "; else " + argument + "; fi";
  cases->words += " ;;\n";
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  const CompletionCommand root = CompletionWords(app);
  Cases cases;
  for (const CompletionCommand* command : AllCommands(root)) AppendCases(*command, &cases);
  return "# bash completion for " + root.name + "; made by `" + root.name +
         " completion bash`\n"
         "_audit_manager() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command=" +
         root.name +
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
         root.name + "\n";
}

}  // namespace audit::cli
