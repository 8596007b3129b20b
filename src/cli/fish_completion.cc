#include <string_view>

#include "cli/completion_script.h"
#include "cli/completion_words.h"

namespace audit::cli {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '\'';
}

// How `complete` is told what a value may be. Without -f or -x it offers files.
std::string Offers(const CompletionValue& value) {
  switch (value.kind) {
    case CompletionValue::Kind::kAnything: return {};
    case CompletionValue::Kind::kFile: return " -F";
    case CompletionValue::Kind::kDirectory: return " -a '(__fish_complete_directories)'";
    case CompletionValue::Kind::kChoice: break;
  }
  return " -a " + Quoted(value.Choices());
}

std::string LinesOf(const CompletionCommand& command, const std::string& root) {
  const std::string begin = "complete -c " + root + " -n '__audit_manager_at " + command.path + "'";
  std::string lines;
  for (const CompletionCommand& sub : command.below) {
    lines += begin + " -a " + sub.name + " -d " + Quoted(sub.description) + '\n';
  }
  if (command.argument) {
    const std::string offers = Offers(*command.argument->value);
    if (!offers.empty()) lines += begin + offers + '\n';
  }
  for (const CompletionOption& option : command.options) {
    lines += begin + " -l " + option.name.substr(2) + " -d " + Quoted(option.description);
    if (option.value) {
      lines += option.value->kind == CompletionValue::Kind::kFile ? " -r" : " -x";
      lines += Offers(*option.value);
    }
    lines += '\n';
  }
  return lines;
}

}  // namespace

std::string FishCompletion(const CLI::App& app) {
  const CompletionCommand root = CompletionWords(app);
  std::string next_word;
  std::string lines;
  for (const CompletionCommand* command : AllCommands(root)) {
    for (const CompletionCommand& sub : command->below) {
      next_word += "            case " + Quoted(sub.path) + "\n                set command " + Quoted(sub.path) + '\n';
    }
    lines += LinesOf(*command, root.name);
  }
  return "# fish completion for " + root.name + "; made by `" + root.name +
         " completion fish`\n"
         "function __audit_manager_at -d 'Whether the command line has come to this command'\n"
         "    set -l command " +
         root.name +
         "\n"
         "    for word in (commandline -opc)[2..]\n"
         "        switch \"$command $word\"\n" +
         next_word +
         "        end\n"
         "    end\n"
         "    test \"$command\" = \"$argv\"\n"
         "end\n"
         "complete -c " +
         root.name + " -f\n" + lines;
}

}  // namespace audit::cli
