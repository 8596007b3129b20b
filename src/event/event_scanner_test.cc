// Section 2's rules for all text and numbers, named or not: what is accepted can be stored.
#include "event/event_scanner.h"

#include <string>
#include <string_view>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

using testing::ElementsAre;

constexpr std::string_view kNul = "holds the character U+0000, which cannot be stored";
constexpr std::string_view kSurrogate = "holds half of a surrogate pair, which is no character";
constexpr std::string_view kNumber =
    "holds a number that cannot be stored: at most 131072 digits before the decimal point and 16383 after it";

// A valid event with members put in: `"key":value,` each.
std::string Event(std::string_view in_envelope, std::string_view in_data = "", std::string_view in_actor = "",
                  std::string_view in_resource = "") {
  std::string json = "{";
  json.append(in_envelope).append(R"("source":"s","type":"t","data":{)");
  json.append(in_data).append(R"("actor":{)").append(in_actor).append(R"("id":"a"},"action":"x","outcome":"denied",)");
  return json.append(R"("resource":{)").append(in_resource).append(R"("type":"r"}}})");
}

class EventScannerTest : public ParserFixture {
 protected:
  void ExpectRefused(const std::string& json, std::string_view path, std::string_view message, std::string_view at) {
    const std::string place = " (byte " + std::to_string(json.find(at)) + ")";
    EXPECT_FALSE(Admit(json)) << json;
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation(path, std::string(message) + place))) << json;
  }
};

TEST_F(EventScannerTest, RefusesTextThatCannotBeStoredWhereverItIs) {
  constexpr std::string_view kNulEscape = R"(\u0000)";
  ExpectRefused(Event(R"("subject":"a\u0000b",)"), "subject", kNul, kNulEscape);
  ExpectRefused(Event(R"("traceparent":"\u0000",)"), "traceparent", kNul, kNulEscape);
  ExpectRefused(Event(R"("unknown":["a",{"b":"\u0000"}],)"), "unknown", kNul, kNulEscape);
  ExpectRefused(Event(R"("unknown":{"\u0000":1},)"), "unknown", kNul, kNulEscape);
  ExpectRefused(Event(R"("\u0000":1,)"), "", kNul, kNulEscape);
  ExpectRefused(Event("", R"("reason":"\u0000",)"), "data.reason", kNul, kNulEscape);
  ExpectRefused(Event("", R"("x-1":"\u0000",)"), "data.x-1", kNul, kNulEscape);
  ExpectRefused(Event("", R"("\u0000x":1,)"), "data", kNul, kNulEscape);
  ExpectRefused(Event("", "", R"("name":"\u0000",)"), "data.actor.name", kNul, kNulEscape);
  ExpectRefused(Event("", "", R"("roles":["a","\u0000"],)"), "data.actor.roles", kNul, kNulEscape);
  ExpectRefused(Event("", "", R"("k\u0000":1,)"), "data.actor", kNul, kNulEscape);
  ExpectRefused(Event("", "", "", R"("id":"\u0000",)"), "data.resource.id", kNul, kNulEscape);
  ExpectRefused(Event("", "", "", R"("x":"\u0000",)"), "data.resource.x", kNul, kNulEscape);

  ExpectRefused(Event(R"("subject":"a\ud800b",)"), "subject", kSurrogate, R"(\ud800)");
  ExpectRefused(Event("", R"("x":["\uDFFF"],)"), "data.x", kSurrogate, R"(\uDFFF)");
  ExpectRefused(Event("", R"("\udc00":1,)"), "data", kSurrogate, R"(\udc00)");

  ExpectRefused(Event(R"("unknown":1e131072,)"), "unknown", kNumber, "1e131072");
  ExpectRefused(Event("", R"("x":[0,-1e-16384],)"), "data.x", kNumber, "-1e-16384");
  ExpectRefused(Event("", "", R"("x":1e9999999999999999999,)"), "data.actor.x", kNumber, "1e9");
}

TEST_F(EventScannerTest, TakesWhatLooksSimilarAndCanBeStored) {
  EXPECT_TRUE(Admit(Event(R"("a":"\\u0000 \ud83d\ude00 \u0001 \uffff",)", "\"b\":\"\x7f\xf4\x8f\xbf\xbf\",",
                          R"("c":1e131071,)", R"("d":-0.0E-0,)")));
}

TEST_F(EventScannerTest, KeysThatCouldBeContentAreNotShown) {
  ExpectRefused(Event("", R"("Jane Doe":"\u0000",)"), "data", kNul, R"(\u0000)");
  ExpectRefused(Event("", "\"" + std::string(65, 'k') + R"(":"\u0000",)"), "data", kNul, R"(\u0000)");
  ExpectRefused(Event(R"("":"\u0000",)"), "", kNul, R"(\u0000)");
}

TEST_F(EventScannerTest, NamedFieldsMustNotOccurTwice) {
  const struct {
    std::string json;
    std::string_view path;
  } kCases[] = {
      {Event(R"("specversion":"1.0","specversion":"1.0",)"), "specversion"},
      {Event(R"("id":"a","id":"a",)"), "id"},
      {Event(R"("source":"s",)"), "source"},
      {Event(R"("type":"s",)"), "type"},
      {Event(R"("time":"2026-04-23T10:00:00Z","time":null,)"), "time"},
      {Event(R"("datacontenttype":null,"datacontenttype":null,)"), "datacontenttype"},
      {Event(R"("subject":"a","subject":"b",)"), "subject"},
      {Event(R"("traceparent":1,"traceparent":2,)"), "traceparent"},
      {Event(R"("data":{"actor":{"id":"a"},"action":"","outcome":"denied"},)"), "data"},
      {Event("", R"("actor":{"id":"b"},)"), "data.actor"},
      {Event("", R"("action":"b",)"), "data.action"},
      {Event("", R"("outcome":"success",)"), "data.outcome"},
      {Event("", R"("reason":"a","reason":"a",)"), "data.reason"},
      {Event("", R"("resource":{"type":"a"},)"), "data.resource"},
      {Event("", "", R"("type":"user","type":"user",)"), "data.actor.type"},
      {Event("", "", R"("id":"b",)"), "data.actor.id"},
      {Event("", "", R"("name":"a","name":"b",)"), "data.actor.name"},
      {Event("", "", R"("ip":"a","ip":"b",)"), "data.actor.ip"},
      {Event("", "", R"("session_id":"a","session_id":"b",)"), "data.actor.session_id"},
      {Event("", "", R"("roles":[],"roles":[],)"), "data.actor.roles"},
      {Event("", "", "", R"("type":"a",)"), "data.resource.type"},
      {Event("", "", "", R"("id":"a","id":"a",)"), "data.resource.id"},
      {Event(R"("\u0069d":"a","i\u0064":"a",)"), "id"},
      {Event("", R"("\u0061\u0063\u0074\u0069\u006f\u006e":"b",)"), "data.action"},
  };
  for (const auto& [json, path] : kCases) {
    EXPECT_FALSE(Admit(json)) << json;
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation(path, "occurs more than once"))) << json;
  }
}

TEST_F(EventScannerTest, OtherKeysMayOccurTwice) {
  EXPECT_TRUE(Admit(
      Event(R"("x":1,"x":2,)", R"("x":1,"x":2,"id":1,"id":2,)", R"("action":1,"action":2,)", R"("name":1,"name":2,)")));
}

TEST_F(EventScannerTest, FaultsOfARepeatedFieldAreItsOwn) {
  EXPECT_FALSE(Admit(Event("", R"("reason":"a","reason":"\u0000","x":1,)")));
  EXPECT_THAT(Paths(), ElementsAre("data.reason", "data.reason"));
}

TEST_F(EventScannerTest, EscapedKeysAreTheFieldsTheySpell) {
  EXPECT_TRUE(Admit(R"({"\u0073ource":"s","t\u0079pe":"t","\u0064\u0061\u0074\u0061":{"\u0061ctor":{"i\u0064":"a"},)"
                    R"("actio\u006e":"x","outcom\u0065":"denied"}})"));
}

TEST_F(EventScannerTest, NestingCountsFromTheEvent) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  // The event is level 1, `data` 2, `actor` 3.
  EXPECT_TRUE(Admit(Event(R"("x":)" + nested(63) + ",", R"("x":)" + nested(62) + ",", R"("x":)" + nested(61) + ",")));
  const struct {
    std::string json;
    std::string_view path;
  } kCases[] = {
      {Event(R"("x":)" + nested(64) + ","), "x"},
      {Event("", R"("x":)" + nested(63) + ","), "data.x"},
      {Event("", "", R"("roles":)" + nested(62) + ","), "data.actor.roles"},
      {Event("", "", "", R"("x":)" + nested(62) + ","), "data.resource.x"},
      {Event(R"("x":)" + nested(5'000'000) + ","), "x"},
      {Event(R"("x":)" + std::string(10'000'000, '[')), "x"},
  };
  for (const auto& [json, path] : kCases) {
    EXPECT_FALSE(Admit(json));
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    ASSERT_THAT(Paths(), ElementsAre(path));
    EXPECT_THAT(parser_.violations()[0].message, testing::StartsWith("is nested deeper than 64 levels (byte "));
  }
}

}  // namespace
}  // namespace audit::event
