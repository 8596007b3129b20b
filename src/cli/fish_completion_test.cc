#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/completion_script.h"

namespace audit::cli {
namespace {

using testing::HasSubstr;

// What fish makes of the whole is in tests/deploy/package_test.py.
TEST(FishCompletion, QuotesAndBackslashesStandForThemselvesInATextOfTheHelp) {
  CLI::App app("", "paint");
  std::string text;
  app.add_option("--in", text, R"(a\b, it's c)")->option_text("WHERE");
  EXPECT_THAT(FishCompletion(app), HasSubstr(R"x(-l in -d 'a\\b, it\'s c' -x)x"));
}

TEST(FishCompletion, ADirectoryIsOfferedWithoutFiles) {
  CLI::App app("", "paint");
  std::string text;
  app.add_option("--in", text, "Where")->option_text("DIR");
  EXPECT_THAT(FishCompletion(app), HasSubstr("-l in -d 'Where' -x -a '(__fish_complete_directories)'\n"));
}

}  // namespace
}  // namespace audit::cli
