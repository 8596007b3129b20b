#include "cli/manual_page.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <sstream>
#include <string_view>

#include "build_info/build_info.h"
#include "cli/command_path.h"

namespace audit::cli {
namespace {

// As roff prints it unchanged: its own characters by name, and no line that begins like a request.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool line_begins = out.empty() || out.back() == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '`': out += "\\(ga"; break;
      case '\'': out += "\\(aq"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '.':
        if (line_begins) out += "\\&";
        out += c;
        break;
      default: out += c;
    }
  }
  return out;
}

std::string Bold(std::string_view text) { return "\\fB" + Escaped(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + Escaped(text) + "\\fR"; }

void Section(std::string& page, std::string_view title) { page.append(".SH ").append(title).append("\n"); }

// A line of its own, then what is said of it.
void Entry(std::string& page, const std::string& head, std::string_view text) {
  page += ".TP\n" + head + '\n';
  page += text.empty() ? "\\&\n" : Escaped(text) + '\n';
}

std::string HeadOf(const CLI::Option& option) {
  std::string head;
  for (const std::string& name : option.get_snames()) head += (head.empty() ? "" : ", ") + Bold("-" + name);
  for (const std::string& name : option.get_lnames()) head += (head.empty() ? "" : ", ") + Bold("--" + name);
  if (option.get_items_expected_max() != 0 && !option.get_option_text().empty()) {
    head += ' ' + Italic(option.get_option_text());
  }
  return head;
}

void AppendOptions(std::string& page, const CLI::App& command) {
  const std::vector<const CLI::Option*> options = command.get_options();
  const auto list = [&](std::string_view title, bool positional) {
    if (std::ranges::none_of(options, [&](const auto* one) { return one->get_positional() == positional; })) return;
    Section(page, title);
    for (const CLI::Option* option : options) {
      if (option->get_positional() != positional) continue;
      Entry(page, positional ? Italic(option->get_name(true)) : HeadOf(*option), option->get_description());
    }
  };
  list("ARGUMENTS", true);
  list("OPTIONS", false);
}

// The end of --help: paragraphs, of which some begin with what they hold.
struct Footer {
  std::string prose;
  std::string examples;
  std::string exit_codes;
};

Footer Divide(std::string_view text) {
  Footer footer;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    const std::string_view paragraph = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    const std::size_t colon = paragraph.find(':');
    const std::string_view before = paragraph.substr(0, std::min(colon, paragraph.size()));
    if (before == "Example" || before == "Examples") {
      footer.examples += paragraph.substr(colon + 2);
    } else if (before == "Exit codes") {
      footer.exit_codes += paragraph.substr(colon + 2);
    } else {
      footer.prose.append(footer.prose.empty() ? "" : "\n\n").append(paragraph);
    }
  }
  return footer;
}

// Sentences of the help end without a full stop, where they are one.
std::string Sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

void AppendParagraphs(std::string& page, const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) page += line.empty() ? ".PP\n" : Escaped(line) + '\n';
}

std::string NameLine(const CLI::App& command) {
  std::string what = command.get_description();
  if (!what.empty() && what.back() == '.') what.pop_back();
  return Escaped(CommandPath(command, '-')) + " \\- " + Escaped(what) + '\n';
}

std::string Text(const CLI::App& command) {
  const BuildInfo& build = ThisBuild();
  std::string title = CommandPath(command, '-');
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  std::string page = ".TH " + title + " 1 \"" + std::string(build.build_time.substr(0, 10)) + "\" \"audit\\-manager " +
                     std::string(build.service_version) + "\" \"Audit Manager\"\n";
  Section(page, "NAME");
  page += NameLine(command);

  Section(page, "SYNOPSIS");
  page += Bold(CommandPath(command)) + " [" + Italic("OPTIONS") + ']';
  const std::vector<const CLI::App*> below = command.get_subcommands({});
  if (!below.empty()) page += ' ' + Italic("COMMAND");
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = Italic(option->get_name(true));
    page += option->get_required() ? ' ' + name : " [" + name + ']';
  }
  page += '\n';

  const Footer footer = Divide(command.get_footer());
  Section(page, "DESCRIPTION");
  page += Escaped(Sentence(command.get_description())) + '\n';
  if (!footer.prose.empty()) page += ".PP\n";
  AppendParagraphs(page, footer.prose);

  AppendOptions(page, command);
  if (!below.empty()) Section(page, "COMMANDS");
  for (const CLI::App* one : below) {
    Entry(page, Bold(CommandPath(*one, '-')) + "(1)", Sentence(one->get_description()));
  }
  if (!footer.exit_codes.empty()) {
    Section(page, "EXIT STATUS");
    AppendParagraphs(page, footer.exit_codes);
  }
  if (!footer.examples.empty()) {
    Section(page, "EXAMPLES");
    page += ".nf\n" + Escaped(footer.examples) + "\n.fi\n";
  }
  if (command.get_parent() != nullptr) {
    Section(page, "SEE ALSO");
    page += Bold(CommandPath(*command.get_parent(), '-')) + "(1)\n";
  }
  return page;
}

void Collect(const CLI::App& command, std::vector<ManualPage>& pages) {
  pages.push_back({.name = CommandPath(command, '-'), .text = Text(command)});
  for (const CLI::App* one : command.get_subcommands({})) Collect(*one, pages);
}

}  // namespace

std::vector<ManualPage> ManualPages(const CLI::App& app) {
  std::vector<ManualPage> pages;
  Collect(app, pages);
  return pages;
}

}  // namespace audit::cli
