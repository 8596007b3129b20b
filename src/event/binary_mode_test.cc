#include "event/binary_mode.h"

#include <gtest/gtest.h>

#include <string_view>

namespace audit::event {
namespace {

TEST(BinaryMode, DecodesPercentEscapes) {
  EXPECT_EQ(DecodeHeaderValue(""), "");
  EXPECT_EQ(DecodeHeaderValue("plain value"), "plain value");
  EXPECT_EQ(DecodeHeaderValue("Euro%20%E2%82%AC%20%F0%9F%98%80"), "Euro \xe2\x82\xac \xf0\x9f\x98\x80");
  EXPECT_EQ(DecodeHeaderValue("%e2%82%ac"), "\xe2\x82\xac");
  EXPECT_EQ(DecodeHeaderValue("\xe2\x82\xac"), "\xe2\x82\xac");
  EXPECT_EQ(DecodeHeaderValue("100%25"), "100%");
}

TEST(BinaryMode, DecodesOnceOnly) { EXPECT_EQ(DecodeHeaderValue("%2541"), "%41"); }

TEST(BinaryMode, UnquotesBeforeItDecodes) {
  EXPECT_EQ(DecodeHeaderValue(R"("a \"b\" \\ c")"), R"(a "b" \ c)");
  EXPECT_EQ(DecodeHeaderValue(R"("%41")"), "A");
  EXPECT_EQ(DecodeHeaderValue(R"("")"), "");
  EXPECT_EQ(DecodeHeaderValue(R"(not "at the front")"), R"(not "at the front")");
}

TEST(BinaryMode, RefusesMalformedValues) {
  for (const std::string_view value : {"%", "%4", "abc%", "%zz", "%4g", "% 41", "\"open", "\"", "\"a\"b", R"("a\)",
                                       R"("a\")", "%ff", "%C0%80", "%ED%A0%80", "%E2%82", "\xff"}) {
    EXPECT_FALSE(DecodeHeaderValue(value)) << value;
  }
}

TEST(BinaryMode, AttributeNamesAreLowerCaseLettersAndDigits) {
  for (const std::string_view name : {"id", "specversion", "x1", "9", "datacontenttype"})
    EXPECT_TRUE(IsAttributeName(name));
  for (const std::string_view name : {"", "Id", "data_base64", "a-b", "a.b", " id", "\xc3\xa9"}) {
    EXPECT_FALSE(IsAttributeName(name)) << name;
  }
}

}  // namespace
}  // namespace audit::event
