#include <string_view>

#include "cli/completion_script.h"
#include "cli/completion_words.h"

namespace audit::cli {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  return quoted + '\'';
}

// As a part of what _arguments reads, to which these separate parts.
std::string Part(std::string_view text) {
  std::string part;
  for (const char c : text) {
    if (c == '\\' || c == '[' || c == ']' || c == ':') part += '\\';
    part += c;
  }
  return part;
}

// What a value is called, and what offers it.
std::string Offers(const CompletionValue& value, std::string_view name) {
  switch (value.kind) {
    case CompletionValue::Kind::kAnything: return Part(value.text) + ": ";  // the name alone is shown
    case CompletionValue::Kind::kFile: return Part(value.text) + ":_files";
    case CompletionValue::Kind::kDirectory: return Part(value.text) + ":_files -/";
    case CompletionValue::Kind::kChoice: break;
  }
  return Part(name) + ":(" + value.Choices() + ')';
}

std::string CaseOf(const CompletionCommand& command) {
  std::string words = "    (" + Quoted(command.path) + ")\n";
  if (!command.below.empty()) {
    words += "      below=(\n";
    for (const CompletionCommand& sub : command.below) {
      words += "        " + Quoted(sub.name + ':' + sub.description) + '\n';
    }
    words += "      )\n";
  }
  words += "      _arguments -S";
  const auto specification = [&](const std::string& text) { words += " \\\n        " + Quoted(text); };
  for (const CompletionOption& option : command.options) {
    std::string text = option.repeatable ? "*" : "";
    text += option.name + (option.value ? "=[" : "[") + Part(option.description) + ']';
    if (option.value) text += ':' + Offers(*option.value, option.name.substr(2));
    specification(text);
  }
  if (!command.below.empty()) specification("1:command:{ _describe command below }");
  if (command.argument) {
    specification((command.argument->repeatable ? "*:" : "1:") +
                  Offers(*command.argument->value, command.argument->name));
  }
  return words + "\n      ;;\n";
}

}  // namespace

std::string ZshCompletion(const CLI::App& app) {
  const CompletionCommand root = CompletionWords(app);
  std::string next_word;
  std::string cases;
  for (const CompletionCommand* command : AllCommands(root)) {
    for (const CompletionCommand& sub : command->below) {
      next_word += "      (" + Quoted(sub.path) + ") command=" + Quoted(sub.path) + " at=$i ;;\n";
    }
    cases += CaseOf(*command);
  }
  const std::string function = '_' + root.name;
  return "#compdef " + root.name + "\n# zsh completion for " + root.name + "; made by `" + root.name +
         " completion zsh`\n" + function +
         "() {\n"
         "  local command=" +
         root.name +
         " i at=1\n"
         "  local -a below\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    case \"$command ${words[i]}\" in\n" +
         next_word +
         "    esac\n"
         "  done\n"
         // To _arguments the last subcommand is the first word of the line.
         "  compset -n $at\n"
         "  case \"$command\" in\n" +
         cases +
         "  esac\n"
         "}\n"
         // From a folder of $fpath the file is run as the body of that function, at the first completion.
         "if [[ ${funcstack[1]} == " +
         function + " ]]; then " + function + " \"$@\"; else compdef " + function + ' ' + root.name + "; fi\n";
}

}  // namespace audit::cli
