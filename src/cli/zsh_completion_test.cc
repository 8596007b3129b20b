#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/completion_script.h"

namespace audit::cli {
namespace {

using testing::HasSubstr;

// What zsh makes of the whole is in tests/deploy/package_test.py.
TEST(ZshCompletion, WhatSeparatesPartsStandsForItselfInATextOfTheHelp) {
  CLI::App app("", "paint");
  std::string text;
  app.add_option("--in", text, R"(Where: a\b, [c], it's d)")->option_text("a:b");
  EXPECT_THAT(ZshCompletion(app), HasSubstr(R"x('--in=[Where\: a\\b, \[c\], it'\''s d]:a\:b: ')x"));
}

TEST(ZshCompletion, AnOptionOfSeveralValuesIsOfferedAgain) {
  CLI::App app("", "paint");
  std::vector<std::string> texts;
  app.add_option("--layer", texts, "Which")->option_text("top|rest");
  EXPECT_THAT(ZshCompletion(app), HasSubstr("'*--layer=[Which]:layer:(top rest)'"));
}

}  // namespace
}  // namespace audit::cli
