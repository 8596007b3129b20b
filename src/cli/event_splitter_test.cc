#include "cli/event_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace audit::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What was found, as text: "line 3: {...}" or "line 3! the problem".
struct Found {
  std::vector<std::string> events;
  std::string error;
};

Found Split(const std::string& input, std::size_t chunk, InputFormat format = InputFormat::kAuto,
            std::size_t max_event_bytes = 1'000) {
  std::size_t at = 0;
  EventSplitter splitter(
      [&](std::span<char> into) -> Result<std::size_t> {
        const std::size_t size = std::min({chunk, into.size(), input.size() - at});
        std::copy_n(input.data() + at, size, into.data());
        at += size;
        return size;
      },
      format, max_event_bytes);
  Found found;
  InputEvent event;
  for (;;) {
    const Result<bool> more = splitter.Next(&event);
    if (!more.ok()) {
      found.error = more.error().message();
      return found;
    }
    if (!*more) return found;
    found.events.push_back(Describe(event.place) + (event.problem.empty() ? ": " + std::string(event.json)
                                                                          : "! " + std::string(event.problem)));
  }
}

// However the bytes arrive, the events are the same.
class EventSplitterTest : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Chunks, EventSplitterTest, testing::Values(1, 2, 7, 100'000));

TEST_P(EventSplitterTest, LinesAreEventsAndBlankOnesAreCountedNotGiven) {
  const Found found = Split("{\"a\":1}\n\n  \r\n {\"b\":2}\r\n{\"c\":\"\\n\"}", GetParam());
  EXPECT_THAT(found.events, ElementsAre("line 1: {\"a\":1}", "line 4: {\"b\":2}", "line 5: {\"c\":\"\\n\"}"));
  EXPECT_EQ(found.error, "");
}

TEST_P(EventSplitterTest, EmptyInputHasNoEvents) {
  for (const char* input : {"", "\n", " \r\n\t", "\xEF\xBB\xBF", "[]", " [ ]\n"}) {
    const Found found = Split(input, GetParam());
    EXPECT_THAT(found.events, ElementsAre()) << input;
    EXPECT_EQ(found.error, "");
  }
}

TEST_P(EventSplitterTest, BrokenLineDoesNotTakeTheNextAlong) {
  const Found found = Split("{\"a\":\n{\"b\":2}\nnot json\n\"{\"\n{\"c\":3}\n", GetParam());
  EXPECT_THAT(found.events, ElementsAre("line 1: {\"a\":", "line 2: {\"b\":2}", "line 3: not json", "line 4: \"{\"",
                                        "line 5: {\"c\":3}"));
}

TEST_P(EventSplitterTest, TruncatedLastLineIsGivenAsItIs) {
  EXPECT_THAT(Split("{\"a\":1}\n{\"b\":", GetParam()).events, ElementsAre("line 1: {\"a\":1}", "line 2: {\"b\":"));
}

TEST_P(EventSplitterTest, ByteOrderMarkIsNoPartOfTheFirstEvent) {
  EXPECT_THAT(Split("\xEF\xBB\xBF{\"a\":1}\n", GetParam()).events, ElementsAre("line 1: {\"a\":1}"));
}

TEST_P(EventSplitterTest, LineThatIsTooLongIsPassedOverWhole) {
  const std::string long_line = "{\"a\":\"" + std::string(3'000, 'x') + "\"}";
  const Found found = Split(long_line + "\n{\"b\":2}\n" + long_line, GetParam());
  EXPECT_THAT(found.events, ElementsAre("line 1! longer than any event may be", "line 2: {\"b\":2}",
                                        "line 3! longer than any event may be"));
}

TEST_P(EventSplitterTest, ElementsOfAnArrayAreGivenWithIndexAndLine) {
  const Found found = Split("\n[{\"a\":[1,{\"x\":\"]},\\\"\"}]},\n {\"b\":\n2} ,null,\"s,]\",3]\n", GetParam());
  EXPECT_THAT(found.events,
              ElementsAre("element 0 (line 2): {\"a\":[1,{\"x\":\"]},\\\"\"}]}", "element 1 (line 3): {\"b\":\n2}",
                          "element 2 (line 4): null", "element 3 (line 4): \"s,]\"", "element 4 (line 4): 3"));
  EXPECT_EQ(found.error, "");
}

TEST_P(EventSplitterTest, ElementThatIsTooLongIsPassedOverWhole) {
  const std::string element = "{\"a\":[\"" + std::string(3'000, ']') + "\"]}";
  const Found found = Split("[" + element + ",{\"b\":2}]", GetParam());
  EXPECT_THAT(found.events,
              ElementsAre("element 0 (line 1)! longer than any event may be", "element 1 (line 1): {\"b\":2}"));
  EXPECT_EQ(found.error, "");
}

TEST_P(EventSplitterTest, TruncatedArrayGivesWhatCameBeforeAndSaysWhereItEnds) {
  const Found within = Split("[{\"a\":1},\n{\"b\":", GetParam());
  EXPECT_THAT(within.events,
              ElementsAre("element 0 (line 1): {\"a\":1}", "element 1 (line 2)! the input ends within it"));
  const Found between = Split("[{\"a\":1}\n", GetParam());
  EXPECT_THAT(between.events, ElementsAre("element 0 (line 1): {\"a\":1}"));
  EXPECT_THAT(between.error, HasSubstr("line 2: the input ends before the closing bracket"));
}

TEST_P(EventSplitterTest, ArrayThatIsNotPutTogetherLikeOneEndsWithTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"[{\"a\":1} {\"b\":2}]", "line 1: a comma or the closing bracket is missing behind element 0"},
      {"[{\"a\":1},\n]", "line 2: an element is missing beside a comma"},
      {"[,{\"a\":1}]", "line 1: an element is missing beside a comma"},
      {"[{\"a\":1},,{\"b\":2}]", "line 1: an element is missing beside a comma"},
      {"[]\n[]", "line 2: there is something behind the closing bracket"},
      {"[", "line 1: the input ends before the closing bracket"},
  };
  for (const auto& [input, error] : cases) EXPECT_THAT(Split(input, GetParam()).error, HasSubstr(error)) << input;
}

TEST_P(EventSplitterTest, ObjectsOverManyLinesAreRecognised) {
  const Found found = Split("{\n  \"a\": {\n    \"b\": \"}\"\n  }\n}\n\n{\n \"c\": 1}{\"d\":2}\n", GetParam());
  EXPECT_THAT(found.events, ElementsAre("line 1: {\n  \"a\": {\n    \"b\": \"}\"\n  }\n}", "line 7: {\n \"c\": 1}",
                                        "line 8: {\"d\":2}"));
}

TEST_P(EventSplitterTest, GivenFormatIsNotGuessedAt) {
  EXPECT_THAT(Split("[1]\n", GetParam(), InputFormat::kNdjson).events, ElementsAre("line 1: [1]"));
  EXPECT_THAT(Split("{}", GetParam(), InputFormat::kArray).error, HasSubstr("no bracket opens it"));
  EXPECT_THAT(Split("1 2\n] x", GetParam(), InputFormat::kValues).events,
              ElementsAre("line 1: 1", "line 1: 2", "line 2: ]", "line 2: x"));
}

TEST(EventSplitterMemory, BufferDoesNotGrowWithTheInput) {
  // A gigabyte of events would be felt; the reader checks that it is always asked for a small piece.
  std::size_t asked = 0;
  std::size_t given = 0;
  EventSplitter splitter(
      [&](std::span<char> into) -> Result<std::size_t> {
        asked = std::max(asked, into.size());
        if (given > 20'000'000) return std::size_t{0};
        std::ranges::fill(into, given % 2 == 0 ? '1' : '2');
        into.back() = '\n';
        given += into.size();
        return into.size();
      },
      InputFormat::kNdjson, 100'000);
  InputEvent event;
  std::size_t events = 0;
  for (;;) {
    const Result<bool> more = splitter.Next(&event);
    ASSERT_TRUE(more.ok());
    if (!*more) break;
    ++events;
  }
  EXPECT_LE(asked, 128U << 10);
  EXPECT_EQ(events, given / asked);
}

TEST(EventSplitterErrors, FailedReadIsPassedOn) {
  EventSplitter splitter([](std::span<char>) -> Result<std::size_t> { return Error(ErrorCode::kIo, "disk gone"); },
                         InputFormat::kAuto, 100);
  InputEvent event;
  const Result<bool> more = splitter.Next(&event);
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().message(), "disk gone");
}

}  // namespace
}  // namespace audit::cli
