#include "cli/completion_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <vector>

namespace audit::cli {
namespace {

using testing::ElementsAre;
using Kind = CompletionValue::Kind;

class CompletionWordsOf : public testing::Test {
 protected:
  CompletionWordsOf() {
    app_.add_option("--colour", text_, "In which")->option_text("red|blue");
    CLI::App* below = app_.add_subcommand("below", "What is below");
    below->add_option("PLACE", texts_)->option_text("DIR");
    below->add_option("-p,--paint", text_, "With what")->option_text("FILE");
    below->add_option("--in", text_)->option_text("DIR");
    below->add_option("--layers", texts_)->option_text("N");
    below->add_flag("--fast", fast_);
    below->add_subcommand("deeper", "Still further down")->add_option("SIDE", text_)->option_text("left|right");
  }

  const CompletionOption& Option(const CompletionCommand& command, const std::string& name) {
    for (const CompletionOption& option : command.options) {
      if (option.name == name) return option;
    }
    throw std::out_of_range(name);
  }

  std::string text_;
  std::vector<std::string> texts_;
  bool fast_ = false;
  CLI::App app_{"Paints", "paint"};
};

TEST_F(CompletionWordsOf, EveryCommandHasItsOptionsAndThoseAboveItOnce) {
  const CompletionCommand root = CompletionWords(app_);
  const std::vector<const CompletionCommand*> all = AllCommands(root);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2]->path, "paint below deeper");
  EXPECT_EQ(all[2]->description, "Still further down");
  std::vector<std::string> names;
  for (const CompletionOption& option : all[2]->options) names.push_back(option.name);
  EXPECT_THAT(names, ElementsAre("--help", "--paint", "--in", "--layers", "--fast", "--colour"));
}

TEST_F(CompletionWordsOf, TheTextOfTheHelpSaysWhatAnOptionTakes) {
  const CompletionCommand below = CompletionWords(app_).below.at(0);
  EXPECT_EQ(Option(below, "--paint").value->kind, Kind::kFile);
  EXPECT_EQ(Option(below, "--in").value->kind, Kind::kDirectory);
  EXPECT_EQ(Option(below, "--layers").value->kind, Kind::kAnything);
  EXPECT_TRUE(Option(below, "--layers").repeatable);
  EXPECT_FALSE(Option(below, "--fast").value.has_value());
  EXPECT_THAT(Option(below, "--colour").value->choices, ElementsAre("red", "blue"));
}

TEST_F(CompletionWordsOf, AnArgumentSaysWhatItIsByItsNameOrItsChoices) {
  const CompletionCommand below = CompletionWords(app_).below.at(0);
  ASSERT_TRUE(below.argument.has_value());
  EXPECT_EQ(below.argument->value->kind, Kind::kAnything) << "PLACE is not DIR";
  EXPECT_TRUE(below.argument->repeatable);
  EXPECT_THAT(below.below.at(0).argument->value->choices, ElementsAre("left", "right"));
}

}  // namespace
}  // namespace audit::cli
