#include "cli/emit_console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/table.h"

namespace audit::cli {
namespace {

using std::chrono::seconds;

TEST(EmitConsole, SummaryTellsEveryFateAndTheRate) {
  const EmitCounts counts{.events = 1'000,
                          .accepted = 980,
                          .refused = 15,
                          .unsent = 5,
                          .retries = 3,
                          .bytes_read = 0,
                          .first_unsent = Place{.line = 996, .index = {}},
                          .whole_input = false};
  EXPECT_EQ(SummaryText(counts, seconds(2), false),
            "1000 events: 980 accepted, 15 refused, 5 unsent; 3 retries; 2.00 s, 490 events/s\n"
            "the first unsent one: line 996\n"
            "the input was not read to its end\n");
  EXPECT_EQ(SummaryJson(counts, seconds(2)),
            "{\"events\":1000,\"accepted\":980,\"refused\":15,\"unsent\":5,\"retries\":3,\"seconds\":2.000,"
            "\"events_per_second\":490}\n");
}

TEST(EmitConsole, ProgressShowsTheShareOfAKnownSizeAndNeverWraps) {
  const EmitCounts counts{.events = 10,
                          .accepted = 10,
                          .refused = 2,
                          .unsent = 0,
                          .retries = 0,
                          .bytes_read = 500,
                          .first_unsent = {},
                          .whole_input = true};
  EXPECT_EQ(ProgressLine(counts, seconds(2), 1'000, "", 79),
            "[##########----------]  50 %  10 accepted, 2 refused  5/s");
  EXPECT_EQ(ProgressLine(counts, seconds(2), std::nullopt, "", 79), "10 accepted, 2 refused  5/s");
  const std::string narrow = ProgressLine(counts, seconds(2), 1'000, std::string(300, 'x'), 40);
  EXPECT_EQ(DisplayWidth(narrow), 40U);
}

TEST(EmitConsole, RefusedEventsAreKeptOnALineEach) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  testing::internal::CaptureStderr();
  {
    EmitConsole console({.refused_file = file});
    const client::Refusal refusal{.code = "AUD-002", .message = "is required", .path = "type", .event = {}};
    console.OnRefused({.line = 3, .index = {}}, {&refusal, 1}, "{\n\"id\":1}");
    console.OnRefused({.line = 9, .index = 4}, {&refusal, 1}, "");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "line 3: AUD-002 type: is required\nelement 4 (line 9): AUD-002 type: is required\n");
  ASSERT_EQ(std::fseek(file, 0, SEEK_SET), 0);
  char text[64] = {};
  const std::size_t size = std::fread(text, 1, sizeof text, file);
  EXPECT_EQ(std::string(text, size), "{ \"id\":1}\n");
  std::fclose(file);
}

}  // namespace
}  // namespace audit::cli
