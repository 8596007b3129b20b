#include "cli/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace audit::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string Render(std::vector<Column> columns, std::size_t width, const std::vector<std::vector<std::string>>& rows) {
  std::string out;
  Table table(std::move(columns), width, false, [&out](std::string_view text) { out += text; });
  for (const auto& row : rows) table.Add(row);
  table.Finish();
  return out;
}

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(Render({{"TIME"}, {"ACTOR"}}, 0, {{"10:00", "a"}, {"9:00", "somebody"}}),
            "TIME   ACTOR\n"
            "10:00  a\n"
            "9:00   somebody\n");
}

TEST(Table, NothingIsWrittenWithoutRows) { EXPECT_EQ(Render({{"TIME"}}, 0, {}), ""); }

TEST(Table, NoLineIsWiderThanTheTerminalAndCutCellsShowIt) {
  const std::string text =
      Render({{"TIME", false}, {"ACTOR"}, {"TYPE"}}, 40, {{"2026-11-24", std::string(50, 'a'), std::string(30, 't')}});
  for (const std::string& line : Lines(text)) EXPECT_LE(DisplayWidth(line), 40U) << line;
  EXPECT_THAT(text, HasSubstr("2026-11-24  aaa"));
  EXPECT_THAT(text, HasSubstr("…"));
}

TEST(Table, LastColumnsGoWhenTheTerminalIsTooNarrowForAll) {
  const std::string text =
      Render({{"TIME", false}, {"ACTOR"}, {"SOURCE"}}, 24, {{"2026-11-24", "0123456789", "https://example.org/"}});
  EXPECT_THAT(text, HasSubstr("ACTOR"));
  EXPECT_THAT(text, Not(HasSubstr("SOURCE")));
}

TEST(Table, IdeographsAndAccentsAreMeasuredAsTheyAreShown) {
  EXPECT_EQ(DisplayWidth("日本"), 4U);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1U);
  EXPECT_EQ(Render({{"NAME"}, {"X"}}, 0, {{"日本", "1"}, {"Zoë", "2"}}),
            "NAME  X\n"
            "日本  1\n"
            "Zoë   2\n");
}

TEST(Table, CellsCannotDriveTheTerminal) {
  EXPECT_EQ(Harmless("a\x1b[2Jb\r\nc\x7f"),
            "a\xEF\xBF\xBD[2Jb\xEF\xBF\xBD\xEF\xBF\xBD"
            "c\xEF\xBF\xBD");
  EXPECT_EQ(Harmless("\xC2\x9B"), "\xEF\xBF\xBD");              // CSI in one character
  EXPECT_EQ(Harmless("\xE2\x80\xAE"), "\xEF\xBF\xBD");          // right-to-left override
  EXPECT_EQ(Harmless("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // not UTF-8
  EXPECT_EQ(Harmless("Zoë 日本"), "Zoë 日本");
}

TEST(Table, RowsAfterTheFirstHundredsAreStreamed) {
  std::size_t lines = 0;
  Table table({{"N"}}, 0, false, [&lines](std::string_view) { ++lines; });
  for (int i = 0; i < 400; ++i) table.Add({"1"});
  EXPECT_EQ(lines, 0U);
  for (int i = 0; i < 400; ++i) table.Add({"1"});
  EXPECT_EQ(lines, 801U);
  table.Finish();
  EXPECT_EQ(lines, 801U);
}

}  // namespace
}  // namespace audit::cli
