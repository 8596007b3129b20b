#include "cli/manual_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "cli/app.h"

namespace audit::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TextOf(const std::string& description, const std::string& footer) {
  CLI::App app(description, "tool");
  app.footer(footer);
  return ManualPages(app).front().text;
}

TEST(ManualPages, EachCommandHasOne) {
  int exit_code = 0;
  const std::unique_ptr<CLI::App> app = BuildApp(&exit_code);
  std::set<std::string> names;
  for (const ManualPage& page : ManualPages(*app)) names.insert(page.name);
  for (const char* name : {"audit-manager", "audit-manager-serve", "audit-manager-dlq", "audit-manager-dlq-list"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(ManualPages, SayWhatTheHelpSays) {
  CLI::App app("Does things.", "tool");
  std::string file;
  int size = 0;
  bool dry = false;
  CLI::App* command = app.add_subcommand("send", "Send things");
  command->add_option("FILE", file, "Where they are")->required();
  command->add_option("-n,--size", size, "How many at once")->option_text("COUNT");
  command->add_flag("--dry", dry, "Send nothing");
  command->footer("Some of it is long.\n\nExamples:\n  tool send a\n  tool send b\n\nExit codes: 0 sent; 1 not.");
  const std::string page = ManualPages(app).back().text;
  EXPECT_THAT(page, HasSubstr(".SH NAME\ntool\\-send \\- Send things\n"));
  EXPECT_THAT(page, HasSubstr(".SH SYNOPSIS\n\\fBtool send\\fR [\\fIOPTIONS\\fR] \\fIFILE\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".SH DESCRIPTION\nSend things.\n.PP\nSome of it is long.\n"));
  EXPECT_THAT(page, HasSubstr(".SH ARGUMENTS\n.TP\n\\fIFILE\\fR\nWhere they are\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-n\\fR, \\fB\\-\\-size\\fR \\fICOUNT\\fR\nHow many at once\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-dry\\fR\nSend nothing\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n0 sent; 1 not.\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXAMPLES\n.nf\n  tool send a\n  tool send b\n.fi\n"));
  EXPECT_THAT(page, HasSubstr(".SH SEE ALSO\n\\fBtool\\fR(1)\n"));
  EXPECT_THAT(ManualPages(app).front().text, HasSubstr(".SH COMMANDS\n.TP\n\\fBtool\\-send\\fR(1)\nSend things.\n"));
}

TEST(ManualPages, TextIsPrintedAsItStands) {
  const std::string page = TextOf("A\\b `c` d's ~e ^f", ".hidden\n'quoted");
  EXPECT_THAT(page, HasSubstr("A\\eb \\(gac\\(ga d\\(aqs \\(tie \\(haf.\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.hidden\n\\(aqquoted\n"));
}

TEST(ManualPages, PartsThatAreNotThereHaveNoTitle) {
  const std::string page = TextOf("Does things.", "");
  for (const char* title : {"EXAMPLES", "EXIT STATUS", "COMMANDS", "ARGUMENTS", "SEE ALSO"}) {
    EXPECT_THAT(page, Not(HasSubstr(title)));
  }
}

}  // namespace
}  // namespace audit::cli
