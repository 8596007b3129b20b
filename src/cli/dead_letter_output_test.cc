#include "cli/dead_letter_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace audit::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(DeadLetterOutputTest, BytesOfAnyKindAreShownWithoutHarm) {
  BoxedLetter stored;
  stored.name = "7";
  stored.dead_at = {1'795'514'400'000'000};
  stored.letter = {.reason = "rejected: not JSON",
                   .origin = "spool",
                   .offset = 12,
                   .key = "k\xFF",
                   .value = "\x1b[2J\xFF",
                   .ingested_at = {1'795'514'399'000'000}};
  EXPECT_THAT(LetterText(stored), EndsWith("\n\n\xEF\xBF\xBD[2J\xEF\xBF\xBD\n"));
  EXPECT_EQ(LetterJson(stored),
            R"({"number":"7","dead_at":"2026-11-24T10:00:00.000000Z","ingested_at":"2026-11-24T09:59:59.000000Z",)"
            R"("reason":"rejected: not JSON","origin":"spool","offset":12,"key":")"
            "k\xEF\xBF\xBD"
            R"(","bytes":5})"
            "\n");
  EXPECT_THAT(LetterCells(stored),
              testing::ElementsAre("7", "2026-11-24T10:00:00Z", "rejected: not JSON", "spool 12", "5"));
}

TEST(DeadLetterOutputTest, TheHeadersAreShownBesideTheEvent) {
  const std::vector<event::MessageHeader> headers{{"ce_id", "b1\x1b[2J"}, {"empty", ""}, {"null", std::nullopt}};
  const BoxedLetter boxed{.name = "3:17",
                          .dead_at = {0},
                          .letter = {.reason = "rejected: x",
                                     .origin = "events",
                                     .partition = 1,
                                     .offset = 5,
                                     .key = "k",
                                     .value = "{}",
                                     .ingested_at = {0},
                                     .headers = headers}};
  const std::string text = LetterText(boxed);
  EXPECT_THAT(text, HasSubstr("from      events/1 5\n"));
  EXPECT_THAT(text, HasSubstr("\nheader    empty: \nheader    null, without a value\n"));
  EXPECT_THAT(text, HasSubstr("\nheader    ce_id: b1"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_THAT(text, EndsWith("bytes     2\n\n{}\n"));
}

TEST(DeadLetterOutputTest, AMessageWithoutAValueSaysSo) {
  const BoxedLetter boxed{.name = "3:17",
                          .dead_at = {0},
                          .letter = {.reason = "rejected: x",
                                     .origin = "events",
                                     .partition = 1,
                                     .offset = 5,
                                     .key = std::nullopt,
                                     .value = "",
                                     .tombstone = true,
                                     .ingested_at = {0}}};
  EXPECT_THAT(LetterText(boxed), EndsWith("bytes     none, the message had no value\n\n\n"));
}

}  // namespace
}  // namespace audit::cli
