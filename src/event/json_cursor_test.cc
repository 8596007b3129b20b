#include "event/json_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace audit::event {
namespace {

// What the cursor says of a whole text.
struct Reading {
  bool ok = false;
  bool too_deep = false;
  std::string error;
  std::ptrdiff_t at = 0;
  std::vector<std::ptrdiff_t> faults;  // the place of each kind, -1: none
  JsonToken token;
};

class JsonCursorTest : public testing::Test {
 protected:
  // The padding is hostile: it would go on with every text that ends too early.
  std::string_view Padded(std::string_view text) {
    buffer_.assign(text.begin(), text.end());
    constexpr std::string_view kGoesOn = "0\"}]0\"}]0\"}]0\"}]";
    static_assert(kPadding % kGoesOn.size() == 0);
    while (buffer_.size() < text.size() + kPadding) buffer_.insert(buffer_.end(), kGoesOn.begin(), kGoesOn.end());
    buffer_.shrink_to_fit();
    return {buffer_.data(), text.size()};
  }

  Reading Read(std::string_view text) {
    const std::string_view padded = Padded(text);
    JsonCursor cursor(padded);
    Reading reading;
    reading.ok = cursor.ReadValue(0, &reading.token) && (cursor.AtEnd() || cursor.Fail("more"));
    reading.too_deep = cursor.too_deep();
    reading.error = cursor.error() == nullptr ? "" : cursor.error();
    reading.at = cursor.at() - padded.data();
    for (const char* fault : cursor.TakeFaults())
      reading.faults.push_back(fault == nullptr ? -1 : fault - padded.data());
    return reading;
  }

  std::vector<char> buffer_;
};

TEST_F(JsonCursorTest, TakesAllOfJson) {
  for (const std::string_view text : {"0",
                                      "-0",
                                      "12.5e-3",
                                      "1E9",
                                      "1e+0",
                                      "true",
                                      "false",
                                      "null",
                                      "\"\"",
                                      "\"a\"",
                                      "[]",
                                      "{}",
                                      " [ ] ",
                                      "\t{\r\n}\n",
                                      R"([1,"a",null,true,false,{"a":[{}]}])",
                                      R"({"a":1,"a":2})",
                                      R"({"":{"":[]}})",
                                      R"("\"\\\/\b\f\n\r\t\u0041\uD83D\uDE00")",
                                      "\"0123456789abcdef0123456789abcdef0123456789abcdef\"",
                                      "\"\x7f\xc3\xa9\"",
                                      R"(["0123456789abcde\n","0123456789abcdef\n"])"}) {
    const Reading reading = Read(text);
    EXPECT_TRUE(reading.ok) << text << ": " << reading.error;
  }
}

TEST_F(JsonCursorTest, NamesTheByteWhereItStopsBeingJson) {
  constexpr std::string_view kNoValue = "expected a value";
  constexpr std::string_view kEndInString = "the text ends within a string";
  const struct {
    std::string_view text;
    std::ptrdiff_t at;
    std::string_view error;
  } kCases[] = {
      {"", 0, "the text ends too early"},
      {"  ", 2, "the text ends too early"},
      {"[1,", 3, "the text ends too early"},
      {"[1", 2, "expected ',' or ']'"},
      {"[1 2]", 3, "expected ',' or ']'"},
      {"[1}", 2, "expected ',' or ']'"},
      {"[1,]", 3, kNoValue},
      {"[,1]", 1, kNoValue},
      {"[", 1, "the text ends too early"},
      {"]", 0, kNoValue},
      {"{", 1, "expected a key in double quotes"},
      {"{,}", 1, "expected a key in double quotes"},
      {"{'a':1}", 1, "expected a key in double quotes"},
      {"{a:1}", 1, "expected a key in double quotes"},
      {R"({"a":1,})", 7, "expected a key in double quotes"},
      {R"({"a" 1})", 5, "expected ':' after a key"},
      {R"({"a"})", 4, "expected ':' after a key"},
      {R"({"a":})", 5, kNoValue},
      {R"({"a":1 "b":2})", 7, "expected ',' or '}'"},
      {R"({"a":1])", 6, "expected ',' or '}'"},
      {R"({"a":1)", 6, "expected ',' or '}'"},
      {R"({"a)", 3, kEndInString},
      {R"("abc)", 4, kEndInString},
      {R"("abc\)", 5, kEndInString},
      {R"("abc\u00)", 4, "\\u needs four hex digits"},
      {R"("\u00g0")", 1, "\\u needs four hex digits"},
      {R"("\x41")", 1, "no such escape in a string"},
      {R"("\U0041")", 1, "no such escape in a string"},
      {"\"a\nb\"", 2, "a control character in a string must be escaped"},
      {"\"0123456789abcdef\x1f\"", 17, "a control character in a string must be escaped"},
      {std::string_view("\"\0\"", 3), 1, "a control character in a string must be escaped"},
      {"01", 0, "a number must not begin with 0"},
      {"-01", 1, "a number must not begin with 0"},
      {"-", 1, "the text ends too early"},
      {"-a", 1, kNoValue},
      {"+1", 0, kNoValue},
      {".5", 0, kNoValue},
      {"1.", 2, "expected a digit after the decimal point"},
      {"1.e5", 2, "expected a digit after the decimal point"},
      {"1e", 2, "expected a digit in the exponent"},
      {"1e+", 3, "expected a digit in the exponent"},
      {"1.5.5", 3, "more"},
      {"0x10", 1, "more"},
      {"1a", 1, "more"},
      {"NaN", 0, kNoValue},
      {"Infinity", 0, kNoValue},
      {"nul", 0, kNoValue},
      {"True", 0, kNoValue},
      {"nullx", 4, "more"},
      {"truefalse", 4, "more"},
      {"{} {}", 3, "more"},
      {"[] // comment", 3, "more"},
      {"\"a\"b", 3, "more"},
      {"1\"a\"", 1, "more"},
      {"\xef\xbb\xbf{}", 0, kNoValue},
      {"\x01[]", 0, kNoValue},
      {"[]\x0b", 2, "more"},
      {std::string_view("[]\0", 3), 2, "more"},
      {std::string_view("[\0]", 3), 1, kNoValue},
  };
  for (const auto& [text, at, error] : kCases) {
    const Reading reading = Read(text);
    EXPECT_FALSE(reading.ok) << text;
    EXPECT_EQ(reading.error, error) << text;
    EXPECT_EQ(reading.at, at) << text;
  }
}

TEST_F(JsonCursorTest, TheEndOfTheTextIsAnErrorWhereverItComes) {
  constexpr std::string_view kWhole = R"({"a":[1.5e3,true,null,"x\u0041\ud83d\ude00y",{"b":{}}],"c":false})";
  ASSERT_TRUE(Read(kWhole).ok);
  for (std::size_t size = 0; size < kWhole.size(); ++size) EXPECT_FALSE(Read(kWhole.substr(0, size)).ok) << size;
}

TEST_F(JsonCursorTest, TokensAreTheirBytesWithoutSpaceAround) {
  EXPECT_EQ(Read(" -1.50E+3 ").token.text, "-1.50E+3");
  EXPECT_EQ(Read(" \"a\\n\" ").token.text, "\"a\\n\"");
  EXPECT_EQ(Read(" \"a\\n\" ").token.inner(), "a\\n");
  EXPECT_EQ(Read("\n[ 1 , {} ]\n").token.text, "[ 1 , {} ]");
  EXPECT_TRUE(Read("\"a\\n\"").token.escaped);
  EXPECT_FALSE(Read("\"an\"").token.escaped);
  EXPECT_EQ(Read("{}").token.type, JsonType::kObject);
  EXPECT_EQ(Read("[{}]").token.type, JsonType::kArray);
  EXPECT_EQ(Read("false").token.type, JsonType::kBool);
}

TEST_F(JsonCursorTest, NotesWhatCannotBeStoredAndGoesOn) {
  using testing::ElementsAre;
  EXPECT_THAT(Read(R"(["\u0000","\u0000"])").faults, ElementsAre(2, -1, -1));
  EXPECT_THAT(Read(R"({"\u0000":1})").faults, ElementsAre(2, -1, -1));
  EXPECT_THAT(Read(R"(["\ud800"])").faults, ElementsAre(-1, 2, -1));
  EXPECT_THAT(Read(R"(["\udc00\ud800"])").faults, ElementsAre(-1, 2, -1));
  EXPECT_THAT(Read(R"(["\ud800\ud800\udc00"])").faults, ElementsAre(-1, 2, -1));
  EXPECT_THAT(Read(R"(["\ud83d\ude00","\\u0000"])").faults, ElementsAre(-1, -1, -1));
  EXPECT_THAT(Read(R"([1e131072,"\udbff","\u0000"])").faults, ElementsAre(20, 11, 1));
  EXPECT_TRUE(Read(R"([1e131072,"\udbff","\u0000"])").ok);
}

TEST_F(JsonCursorTest, FaultsAreTakenOnce) {
  const std::string_view text = Padded(R"("\u0000")");
  JsonCursor cursor(text);
  JsonToken token;
  ASSERT_TRUE(cursor.ReadValue(0, &token));
  EXPECT_TRUE(cursor.has_faults());
  EXPECT_NE(cursor.TakeFaults()[0], nullptr);
  EXPECT_FALSE(cursor.has_faults());
  EXPECT_EQ(cursor.TakeFaults()[0], nullptr);
}

std::string Nested(std::size_t levels, std::string_view open, std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < levels; ++i) text.append(open);
  for (std::size_t i = 0; i < levels; ++i) text.append(close);
  return text;
}

TEST_F(JsonCursorTest, NestsAsDeepAsAllowedAndNoDeeper) {
  EXPECT_TRUE(Read(Nested(kMaxDepth, "[", "]")).ok);
  EXPECT_TRUE(Read(Nested(kMaxDepth - 1, "{\"a\":", "}").insert(5 * (kMaxDepth - 1), "[]")).ok);
  for (const std::string& text :
       {Nested(kMaxDepth + 1, "[", "]"), std::string(10'000'000, '['), Nested(5'000, "[{\"a\":", "}]")}) {
    const Reading reading = Read(text);
    EXPECT_FALSE(reading.ok);
    EXPECT_TRUE(reading.too_deep);
    EXPECT_EQ(reading.error, "");
  }
  EXPECT_EQ(Read(Nested(kMaxDepth + 1, "[", "]")).at, kMaxDepth);
}

TEST_F(JsonCursorTest, LevelsOpenAroundAValueCount) {
  const std::string text = Nested(4, "[", "]");
  for (const unsigned around : {unsigned{kMaxDepth} - 4, unsigned{kMaxDepth} - 3}) {
    JsonCursor cursor(Padded(text));
    JsonToken token;
    EXPECT_EQ(cursor.ReadValue(around, &token), around + 4 <= kMaxDepth);
  }
}

TEST_F(JsonCursorTest, CountsTheSpaceItPasses) {
  JsonCursor compact(Padded(R"([1,"a b",{"c":null}])"));
  JsonToken token;
  ASSERT_TRUE(compact.ReadValue(0, &token));
  EXPECT_EQ(compact.spaces(), 0U);
  JsonCursor spaced(Padded("[1,\t\"a b\",\r\n{\"c\": null}]"));
  ASSERT_TRUE(spaced.ReadValue(0, &token));
  EXPECT_EQ(spaced.spaces(), 4U);
}

// The oracle is simdjson's document parser. It differs from the cursor on purpose in two things: it
// refuses numbers that no double or 64-bit integer holds, and lone surrogates.
TEST_F(JsonCursorTest, AgreesWithSimdjsonOnMangledTexts) {
  constexpr std::string_view kSeeds[] = {
      R"({"a":[1.5e3,true,null,"x\u0041\ud83d\ude00y",{"b":{}}],"c":false})",
      R"([[],{},"",0,-0.0,1E+2,{"k":[{"l":"\"\\\/"}]},null])",
      "{ \"long key that fills more than a block\" : \"long value that fills more than a block, too\",\n\"n\": [ 1 , 2 "
      "] }",
  };
  constexpr std::string_view kBytes = "\"\\{}[]:,01eE+-.tfnul \n\x01\x7f/bu\0aD8";
  std::mt19937 random(20'260'423);  // NOLINT(cert-msc51-cpp): the same texts every time
  simdjson::dom::parser oracle;
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text(kSeeds[random() % std::size(kSeeds)]);
    for (std::size_t edits = random() % 3 + 1; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = kBytes[random() % kBytes.size()]; break;
        case 1: text.insert(at, 1, kBytes[random() % kBytes.size()]); break;
        case 2: text.erase(at, 1 + random() % 3); break;
        default: text.insert(at, text.substr(random() % text.size(), 1 + random() % 8)); break;
      }
      if (text.empty()) text = "x";
    }
    const Reading reading = Read(text);
    const simdjson::error_code error = oracle.parse(text).error();
    if (!simdjson::validate_utf8(text)) continue;
    const bool lone_surrogate = reading.faults[static_cast<std::size_t>(Fault::kLoneSurrogate)] >= 0;
    if (error == simdjson::NUMBER_ERROR || lone_surrogate) continue;
    ASSERT_EQ(reading.ok, error == simdjson::SUCCESS) << text << "\n" << reading.error << " / " << error;
    accepted += reading.ok ? 1 : 0;
  }
  EXPECT_GT(accepted, 5'000);
}

}  // namespace
}  // namespace audit::event
