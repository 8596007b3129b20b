#include "event/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace audit::event {
namespace {

std::string Unescaped(std::string_view inner) {
  std::string out(inner.size(), '\0');
  out.resize(Unescape(inner, out.data()));
  return out;
}

TEST(JsonText, UndoesEveryEscape) {
  EXPECT_EQ(Unescaped(""), "");
  EXPECT_EQ(Unescaped("plain"), "plain");
  EXPECT_EQ(Unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Unescaped(R"(\u0041\u00e9\u20AC)"), "A\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(Unescaped(R"(a\u007fb\u0080c\u07ffd\u0800e\uffff)"),
            "a\x7f"
            "b\xc2\x80"
            "c\xdf\xbf"
            "d\xe0\xa0\x80"
            "e\xef\xbf\xbf");
  EXPECT_EQ(Unescaped(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(Unescaped(R"(\uD800\uDC00 \uDBFF\uDFFF)"), "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf");
  EXPECT_EQ(Unescaped("\xc3\xa9"), "\xc3\xa9");
}

TEST(JsonText, HalfASurrogatePairBecomesTheReplacementCharacter) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  EXPECT_EQ(Unescaped(R"(\ud800)"), kReplacement);
  EXPECT_EQ(Unescaped(R"(\udc00x)"), std::string(kReplacement) + "x");
  EXPECT_EQ(Unescaped(R"(\ud800\n)"), std::string(kReplacement) + "\n");
  EXPECT_EQ(Unescaped(R"(\ud800\u0041)"), std::string(kReplacement) + "A");
  EXPECT_EQ(Unescaped(R"(\ud800\ud83d\ude00)"), std::string(kReplacement) + "\xf0\x9f\x98\x80");
}

TEST(JsonText, QuotesWhatJsonWantsEscaped) {
  std::string out = "x";
  AppendQuoted("a\"b\\c/\x01\x1f\n\x7f\xc3\xa9", &out);
  EXPECT_EQ(out, "x\"a\\\"b\\\\c/\\u0001\\u001f\\u000a\x7f\xc3\xa9\"");
}

TEST(JsonText, QuotedTextComesBackAsItWent) {
  std::string all;
  for (int c = 1; c < 128; ++c) all.push_back(static_cast<char>(c));
  std::string quoted;
  AppendQuoted(all, &quoted);
  EXPECT_EQ(Unescaped(std::string_view(quoted).substr(1, quoted.size() - 2)), all);
}

}  // namespace
}  // namespace audit::event
