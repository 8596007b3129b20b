// What may stand on the command line, as every shell's completion needs it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace audit::cli {

// What an option or an argument takes, read from its text in the help: "a|b|c" are choices, "FILE" is a
// file, "DIR" a directory, of anything else nothing is known.
struct CompletionValue {
  enum class Kind { kAnything, kChoice, kFile, kDirectory };
  Kind kind = Kind::kAnything;
  std::string text;                  // as the help calls it
  std::vector<std::string> choices;  // of kChoice alone
  // With spaces in between, as every shell takes them.
  [[nodiscard]] std::string Choices() const;
};

struct CompletionOption {
  std::string name;  // with its dashes
  std::string description;
  std::optional<CompletionValue> value;  // none: a flag
  bool repeatable = false;
};

struct CompletionCommand {
  std::string path;  // "audit-manager dlq list"
  std::string name;  // "list"
  std::string description;
  std::optional<CompletionOption> argument;  // the one without dashes
  std::vector<CompletionOption> options;     // its own, then those of the commands above it
  std::vector<CompletionCommand> below;
};

[[nodiscard]] CompletionCommand CompletionWords(const CLI::App& app);

// `root` and every command below it, each before its own subcommands. They live as long as `root` does.
[[nodiscard]] std::vector<const CompletionCommand*> AllCommands(const CompletionCommand& root);

}  // namespace audit::cli
