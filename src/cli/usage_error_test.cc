#include "cli/usage_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/app.h"

namespace audit::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Complaint(std::vector<std::string> words) {
  int exit_code = 0;
  const auto app = BuildApp(&exit_code);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app->parse(words);
  } catch (const CLI::ParseError& error) {
    return DescribeUsageError(*app, error);
  }
  return "none";
}

TEST(UsageError, MistypedNamesAreAnsweredWithTheNearest) {
  EXPECT_THAT(Complaint({"emitt"}), HasSubstr("unknown command: emitt: did you mean emit?"));
  EXPECT_THAT(Complaint({"emit", "--batchsize=5"}),
              HasSubstr("unknown option: --batchsize: did you mean --batch-size?"));
  EXPECT_THAT(Complaint({"emit", "--conc", "5"}), HasSubstr("did you mean --concurrency?"));
}

TEST(UsageError, NamesFarFromAllAreNotGuessedAt) {
  EXPECT_THAT(Complaint({"frobnicate"}), Not(HasSubstr("did you mean")));
  EXPECT_THAT(Complaint({"version", "--frobnicate"}), Not(HasSubstr("did you mean")));
}

TEST(UsageError, EveryComplaintSaysWhereToReadMore) {
  EXPECT_THAT(Complaint({}), HasSubstr("Try: audit-manager --help"));
  EXPECT_THAT(Complaint({"emit", "--batch-size", "0"}), HasSubstr("Try: audit-manager emit --help"));
  EXPECT_THAT(Complaint({"version", "surplus"}), HasSubstr("unexpected argument: surplus"));
}

TEST(UsageError, OptionsOfTheWholeMayStandBehindTheSubcommand) {
  EXPECT_EQ(Complaint({"version", "--log-format", "text"}), "none");
  EXPECT_THAT(Complaint({"version", "--log-format", "xml"}), HasSubstr("--log-format"));
}

}  // namespace
}  // namespace audit::cli
