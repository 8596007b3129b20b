#include "kafka/dead_letter_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/letter_assembly.h"

namespace audit::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr time::UnixMicros kNow{1'777'000'000'123'456};

dead_letters::DeadLetter Letter(std::string_view value) {
  return {.reason = "rejected: x",
          .origin = "events",
          .partition = 3,
          .offset = 17,
          .key = "k",
          .value = value,
          .ingested_at = {1'776'000'000'000'001}};
}

TEST(DeadLetterMessageTest, WhatIsWrittenIsReadAgain) {
  const std::vector<event::MessageHeader> originals{{"ce_id", "1"}};
  dead_letters::DeadLetter letter = Letter("v");
  letter.headers = originals;
  const LetterHeaders first(letter, kNow, {1, 5}, false);
  const LetterFacts facts = ReadLetterHeaders(first.all());
  EXPECT_EQ(facts.reason, "rejected: x");
  EXPECT_EQ(facts.origin, "events");
  EXPECT_EQ(facts.partition, 3);
  EXPECT_EQ(facts.offset, 17U);
  EXPECT_EQ(facts.dead_at, (time::UnixMicros{kNow.value / 1'000 * 1'000}));
  EXPECT_EQ(facts.ingested_at, letter.ingested_at);
  EXPECT_EQ(facts.part, (LetterPart{1, 5}));
  ASSERT_THAT(facts.originals, SizeIs(1));
  EXPECT_EQ(facts.originals[0].name, "ce_id");
}

TEST(DeadLetterMessageTest, OnlyTheFirstPartHasTheOriginalHeaders) {
  const std::vector<event::MessageHeader> originals{{"ce_id", "1"}};
  dead_letters::DeadLetter letter = Letter("v");
  letter.headers = originals;
  EXPECT_THAT(ReadLetterHeaders(LetterHeaders(letter, kNow, {2, 5}, false).all()).originals, IsEmpty());
  EXPECT_THAT(ReadLetterHeaders(LetterHeaders(letter, kNow, {1, 5}, true).all()).originals, IsEmpty());
}

TEST(DeadLetterMessageTest, HeadersOfAnybodyAreRead) {
  const std::vector<event::MessageHeader> strange{{"dlq-partition", "many"},
                                                  {"dlq-part", "7/2"},
                                                  {"dlq-time", "now"},
                                                  {"dlq-reason", "first"},
                                                  {"dlq-reason", "last"}};
  const LetterFacts facts = ReadLetterHeaders(strange);
  EXPECT_EQ(facts.partition, -1);
  EXPECT_EQ(facts.part, LetterPart{});
  EXPECT_FALSE(facts.dead_at.has_value());
  EXPECT_EQ(facts.reason, "last");
}

TEST(LetterNameTest, IsPartitionAndOffset) {
  EXPECT_EQ((LetterName{3, 17}).ToString(), "3:17");
  EXPECT_EQ(LetterName::Parse("3:17"), (LetterName{3, 17}));
  for (const char* wrong : {"", "3", "3:", ":17", "3:x", "3:17 ", "-1:2", "1:-2", "99999999999:1"}) {
    EXPECT_EQ(LetterName::Parse(wrong), std::nullopt) << wrong;
  }
}

class LetterAssemblyTest : public testing::Test {
 protected:
  void Add(std::int64_t offset, LetterPart part, std::string_view value) {
    const LetterHeaders headers(Letter(value), kNow, part, false);
    MessageView view;
    view.offset = offset;
    view.value = value;
    view.headers = headers.all();
    assembly.Add(view, each);
  }
  LetterAssembly assembly;
  std::vector<std::string> told;
  const LetterAssembly::Each each = [this](const TopicLetter& letter) {
    told.push_back(letter.name.ToString() + " " + std::string(letter.letter.value) + (letter.complete ? "" : "..."));
    return true;
  };
};

TEST_F(LetterAssemblyTest, PartsMakeOneLetterNamedAfterTheFirst) {
  Add(5, {1, 3}, "a");
  Add(6, {}, "between");
  Add(7, {2, 3}, "b");
  Add(9, {3, 3}, "c");
  assembly.Finish(each);
  EXPECT_THAT(told, ElementsAre("0:6 between", "0:5 abc"));
}

TEST_F(LetterAssemblyTest, ATryThatWasCutOffIsShownAsIncompleteBesideTheWholeOne) {
  Add(5, {1, 2}, "a");
  Add(6, {1, 2}, "a");
  Add(7, {2, 2}, "b");
  Add(8, {2, 2}, "b");  // of a try whose first part is gone
  Add(9, {1, 2}, "a");
  assembly.Finish(each);
  EXPECT_THAT(told, ElementsAre("0:5 a...", "0:6 ab", "0:9 a..."));
}

}  // namespace
}  // namespace audit::kafka
