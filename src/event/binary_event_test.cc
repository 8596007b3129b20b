#include "event/binary_event.h"

#include <string>
#include <string_view>
#include <vector>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

using testing::ElementsAre;

constexpr std::string_view kData = R"({"actor":{"id":"a"},"action":"x","outcome":"denied"})";
const std::vector<Parser::Attribute> kAttributes = {
    {"specversion", "1.0"}, {"id", "e-1"}, {"source", "s"}, {"type", "t"}, {"time", "2026-04-23T10:00:00Z"}};

class BinaryEventTest : public ParserFixture {
 protected:
  bool AdmitBinary(std::string_view data, std::vector<Parser::Attribute> more = {}) {
    std::vector<Parser::Attribute> attributes = kAttributes;
    attributes.insert(attributes.end(), more.begin(), more.end());
    const std::vector<char> exact(data.begin(), data.end());  // without padding
    return parser_.AdmitBinary(attributes, {exact.data(), exact.size()}, window_);
  }
  void ExpectRefused(Refusal refusal, std::string_view path, std::string_view message) {
    EXPECT_EQ(parser_.refusal(), refusal);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation(path, message)));
    EXPECT_THAT(parser_.admitted(), testing::IsEmpty());
  }
};

TEST_F(BinaryEventTest, BecomesStructuredJson) {
  ASSERT_TRUE(AdmitBinary(
      kData, {{"datacontenttype", "application/json"}, {"subject", "a \"b\"\\\n\xc3\xa9"}, {"ext1", "17"}}));
  ASSERT_EQ(parser_.admitted().size(), 1U);
  const Admitted& admitted = parser_.admitted()[0];
  EXPECT_EQ(admitted.json,
            std::string(R"({"specversion":"1.0","id":"e-1","source":"s","type":"t","time":"2026-04-23T10:00:00Z",)"
                        R"("datacontenttype":"application/json","subject":"a \"b\"\\\u000a)"
                        "\xc3\xa9"
                        R"(","ext1":"17","data":)")
                .append(kData)
                .append("}"));
  EXPECT_EQ(admitted.id, "e-1");
  EXPECT_EQ(admitted.key, "a \"b\"\\\n\xc3\xa9");
}

TEST_F(BinaryEventTest, IsReadBackFromALogWithoutItsStructuredForm) {
  Record record;
  std::vector<Parser::Attribute> attributes = kAttributes;
  attributes.push_back({"subject", "person/4"});
  ASSERT_TRUE(parser_.ReadBinary(attributes, kData, &record));
  EXPECT_EQ(record.id, "e-1");
  EXPECT_EQ(record.subject, "person/4");
  EXPECT_EQ(record.outcome, "denied");
}

TEST_F(BinaryEventTest, DataOfALogThatIsNotOneValueIsNotReadBack) {
  Record record;
  for (const std::string_view data :
       {R"({"actor":{"id":"a"},"action":"x","outcome":"denied"},"subject":"forged")", R"({"actor":{"id":"a"})", "",
        R"({"actor":{"id":"a"},"action":"x","outcome":"denied"} x)", "[]", "\xff"}) {
    EXPECT_FALSE(parser_.ReadBinary(kAttributes, data, &record)) << data;
    EXPECT_FALSE(parser_.violations().empty()) << data;
  }
  EXPECT_FALSE(parser_.ReadBinary({{{"specversion", "1.0"}, {"source", "s"}, {"type", "t"}}}, kData, &record))
      << "without id and time each reading would be another event";
}

TEST_F(BinaryEventTest, WhatIsAbsentIsFilledIn) {
  const std::vector<Parser::Attribute> attributes = {{"source", "s"}, {"type", "t"}};
  ASSERT_TRUE(parser_.AdmitBinary(attributes, kData, window_));
  EXPECT_EQ(
      parser_.admitted()[0].json,
      std::string(
          R"({"specversion":"1.0","id":"019db9c8-397b-7001-8000-000000000000","time":"2026-04-23T10:00:00.123456Z",)"
          R"("source":"s","type":"t","data":)")
          .append(kData)
          .append("}"));
}

TEST_F(BinaryEventTest, DataKeepsItsBytes) {
  const std::string data = " { \"n\" : 1.50e1 , " + std::string(kData.substr(1)) + "\n";
  ASSERT_TRUE(AdmitBinary(data));
  EXPECT_THAT(std::string(parser_.admitted()[0].json), testing::HasSubstr(data));
}

TEST_F(BinaryEventTest, TheRulesHoldForAttributes) {
  EXPECT_FALSE(parser_.AdmitBinary(
      std::vector<Parser::Attribute>{{"specversion", "0.3"}, {"id", ""}, {"time", "x"}, {"traceparent", "x"}}, kData,
      window_));
  EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
  EXPECT_THAT(Paths(), ElementsAre("specversion", "id", "source", "type", "time"));

  EXPECT_FALSE(AdmitBinary(kData, {{"subject", std::string_view("a\0b", 3)}}));
  ExpectRefused(Refusal::kInvalid, "subject", "holds the character U+0000, which cannot be stored");
  EXPECT_FALSE(AdmitBinary(kData, {{"datacontenttype", "text/plain"}}));
  ExpectRefused(Refusal::kInvalid, "datacontenttype",
                R"(must be a JSON media type, such as "application/json", or absent)");
}

TEST_F(BinaryEventTest, TheRulesHoldForDataWithPlacesInTheBody) {
  EXPECT_FALSE(AdmitBinary(R"({"x":"\u0000","actor":{"id":"a"},"action":"x","outcome":"denied"})"));
  ExpectRefused(Refusal::kInvalid, "data.x", "holds the character U+0000, which cannot be stored (byte 6)");
  EXPECT_FALSE(AdmitBinary("[]"));
  ExpectRefused(Refusal::kInvalid, "data", "must be an object, but is an array");
}

TEST_F(BinaryEventTest, ABodyOfNothingIsAnEventWithoutData) {
  for (const std::string_view data : {"", " \r\n\t", "null"}) {
    EXPECT_FALSE(AdmitBinary(data));
    ExpectRefused(Refusal::kInvalid, "data", "is missing: it must be an object");
  }
}

TEST_F(BinaryEventTest, DataThatIsNotJsonIsRefusedWithThePlace) {
  EXPECT_FALSE(AdmitBinary(R"({"actor":})"));
  ExpectRefused(Refusal::kNotJson, "", "not JSON: expected a value (byte 9)");
  EXPECT_FALSE(AdmitBinary("plain text"));
  ExpectRefused(Refusal::kNotJson, "", "not JSON: expected a value (byte 0)");
  EXPECT_FALSE(AdmitBinary("\xff"));
  ExpectRefused(Refusal::kNotJson, "", "not JSON: the text is not valid UTF-8");
}

TEST_F(BinaryEventTest, DataCannotBreakOutOfItsPlace) {
  for (const std::string_view more :
       {R"(,"subject":"x")", R"(,"data":{})", R"(}{"a":1)", "}", R"(},{"a":{})", " {}", ",", R"(,"unknown":)"}) {
    EXPECT_FALSE(AdmitBinary(std::string(kData).append(more))) << more;
    EXPECT_EQ(parser_.refusal(), Refusal::kNotJson) << more;
  }
  EXPECT_FALSE(AdmitBinary(R"("open)"));
  EXPECT_EQ(parser_.refusal(), Refusal::kNotJson);
}

TEST_F(BinaryEventTest, MalformedNamesAreMalformedHeaders) {
  for (const std::string_view name : {"", "Subject", "data_base64", "sub-ject", "\xc3\xa9"}) {
    EXPECT_FALSE(AdmitBinary(kData, {{name, "x"}}));
    ExpectRefused(Refusal::kNotJson, "", "a ce- header has a malformed name: it must be lower-case letters and digits");
  }
  EXPECT_FALSE(AdmitBinary(kData, {{"data", "{}"}}));
  ExpectRefused(Refusal::kNotJson, "ce-data", "must not be a header: in binary mode the body is the data");
}

TEST_F(BinaryEventTest, AHeaderMustNotOccurTwice) {
  EXPECT_FALSE(AdmitBinary(kData, {{"ext1", "x"}, {"id", "e-2"}, {"ext1", "x"}, {"ext1", "y"}}));
  EXPECT_EQ(parser_.refusal(), Refusal::kNotJson);
  EXPECT_THAT(Violations(), ElementsAre(IsViolation("ce-ext1", "occurs more than once"),
                                        IsViolation("ce-id", "occurs more than once")));
  EXPECT_FALSE(AdmitBinary(kData, {{"\xff", ""}, {"\xff", ""}}));
  EXPECT_THAT(Paths(), ElementsAre("", ""));
  const std::string long_name(65, 'x');
  EXPECT_FALSE(AdmitBinary(kData, {{long_name, ""}, {long_name, ""}}));
  ExpectRefused(Refusal::kNotJson, "", "occurs more than once");
}

}  // namespace
}  // namespace audit::event
