// The shapes a body may have, batches, limits, and what comes out.
#include "event/admission.h"

#include <string>
#include <string_view>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kEvent = Parser::Shape::kEvent;
constexpr auto kObject = Parser::Shape::kEventsObject;
constexpr auto kArray = Parser::Shape::kEventsArray;

std::string Event(std::string_view id, std::string_view more_data = "") {
  return std::string(R"({"specversion":"1.0","id":")")
      .append(id)
      .append(
          R"(","source":"s","type":"t","time":"2026-04-23T10:00:00Z","data":{"actor":{"id":"a"},"action":"x","outcome":"denied")")
      .append(more_data)
      .append("}}");
}

std::string Array(const std::vector<std::string>& events) {
  std::string body = "[";
  for (const std::string& event : events) body.append(body.size() > 1 ? " , " : " ").append(event);
  return body.append("\n]");
}
std::string Object(const std::vector<std::string>& events) { return R"({"events":)" + Array(events) + "}"; }

class AdmissionTest : public ParserFixture {
 protected:
  void ExpectRefused(std::string_view body, Parser::Shape shape, Refusal refusal, std::string_view path,
                     std::string_view message) {
    EXPECT_FALSE(Admit(body, shape)) << body.substr(0, 200);
    EXPECT_EQ(parser_.refusal(), refusal) << body.substr(0, 200);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation(path, message))) << body.substr(0, 200);
    EXPECT_THAT(parser_.admitted(), IsEmpty());
  }
};

TEST_F(AdmissionTest, OneEventIsTakenWithoutTheSpaceAroundIt) {
  const std::string event = Event("e-1", R"(, "spaces": [ 1, 2 ])");
  ASSERT_TRUE(Admit(" \r\n\t" + event + "\n "));
  ASSERT_THAT(parser_.admitted(), SizeIs(1));
  EXPECT_EQ(parser_.admitted()[0].json, event);
  EXPECT_EQ(parser_.admitted()[0].json.data(), buffer_.data() + 4) << "the caller's own bytes";
  EXPECT_EQ(parser_.admitted()[0].id, "e-1");
}

TEST_F(AdmissionTest, TheKeyIsTheSubjectOrElseTheActor) {
  const auto key = [this](std::string_view envelope, std::string_view actor_id) {
    EXPECT_TRUE(Admit(std::string("{")
                          .append(envelope)
                          .append(R"("source":"s","type":"t","data":{"actor":{"id":")")
                          .append(actor_id)
                          .append(R"("},"action":"x","outcome":"denied"}})")));
    return std::string(parser_.admitted()[0].key);
  };
  EXPECT_EQ(key(R"("subject":"the\u0020subject",)", "a"), "the subject");
  EXPECT_EQ(key("", "a\\n"), "a\n");
  EXPECT_EQ(key(R"("subject":null,)", "a"), "a");
  EXPECT_EQ(key(R"("subject":"",)", "a"), "a");
  EXPECT_EQ(key("", ""), "");
}

TEST_F(AdmissionTest, BatchesComeOutInOrderEachWithItsOwnBytes) {
  const std::vector<std::string> events = {Event("1"), Event("2", R"(,"x":{ })"), Event("3")};
  for (const auto shape : {kObject, kArray}) {
    ASSERT_TRUE(Admit(shape == kObject ? Object(events) : Array(events), shape));
    ASSERT_THAT(parser_.admitted(), SizeIs(3));
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(parser_.admitted()[i].json, events[i]);
      EXPECT_EQ(parser_.admitted()[i].id, std::to_string(i + 1));
    }
  }
}

TEST_F(AdmissionTest, OtherMembersAroundABatchArePassedOver) {
  EXPECT_TRUE(Admit(R"({"a":["\u0000",1e999999],"\u0065vents":)" + Array({Event("1")}) + R"(,"b":{}})", kObject));
  EXPECT_THAT(parser_.admitted(), SizeIs(1));
}

TEST_F(AdmissionTest, AnotherShapeIsNotJsonForTheEndpoint) {
  constexpr auto kNotJson = Refusal::kNotJson;
  constexpr std::string_view kOne = "expected one event, a JSON object";
  constexpr std::string_view kWrapper = R"(expected an object, {"events": [...]})";
  constexpr std::string_view kList = "expected an array of events";
  for (const std::string_view body : {"", "  ", "[]", "17", "\"{}\"", "null", "<xml/>", "\xef\xbb\xbf{}"}) {
    ExpectRefused(body, kEvent, kNotJson, "", kOne);
    ExpectRefused(body, kObject, kNotJson, "", kWrapper);
  }
  for (const std::string_view body : {"", "{}", "17", "null"}) ExpectRefused(body, kArray, kNotJson, "", kList);
  ExpectRefused(std::string(10'000'000, '['), kEvent, kNotJson, "", kOne);
  ExpectRefused("{}", kObject, kNotJson, "events", "is missing: it must be an array of events");
  ExpectRefused(Event("1"), kObject, kNotJson, "events", "is missing: it must be an array of events");
  for (const std::string_view value : {"null", "{}", "1", "\"[]\""}) {
    ExpectRefused(std::string(R"({"events":)").append(value).append("}"), kObject, kNotJson, "events",
                  "must be an array of events");
  }
}

TEST_F(AdmissionTest, TextThatIsNotJsonIsRefusedWithThePlace) {
  constexpr auto kNotJson = Refusal::kNotJson;
  ExpectRefused("{", kEvent, kNotJson, "", "not JSON: expected a key in double quotes (byte 1)");
  ExpectRefused(R"({"id":tru})", kEvent, kNotJson, "", "not JSON: expected a value (byte 6)");
  ExpectRefused(R"({"data":{"actor":{"id":"a" "b"}}})", kEvent, kNotJson, "",
                "not JSON: expected ',' or '}' (byte 27)");
  ExpectRefused(R"({"x":[1,,2]})", kEvent, kNotJson, "", "not JSON: expected a value (byte 8)");
  ExpectRefused("{\"x\":\"a\tb\"}", kEvent, kNotJson, "",
                "not JSON: a control character in a string must be escaped (byte 7)");
  const std::string event = Event("1");
  const std::string end = std::to_string(event.size());
  ExpectRefused(event + "x", kEvent, kNotJson, "", "not JSON: something follows the value (byte " + end + ")");
  ExpectRefused(event + event, kEvent, kNotJson, "", "not JSON: something follows the value (byte " + end + ")");
  ExpectRefused(event + std::string(1, '\0'), kEvent, kNotJson, "",
                "not JSON: something follows the value (byte " + end + ")");
  ExpectRefused("[" + event + "]]", kArray, kNotJson, "",
                "not JSON: something follows the value (byte " + std::to_string(event.size() + 2) + ")");
  ExpectRefused(R"({"events":[)" + event + "]", kObject, kNotJson, "",
                "not JSON: expected ',' or '}' (byte " + std::to_string(event.size() + 12) + ")");
  ExpectRefused(R"({"events":[)" + event + "]}}", kObject, kNotJson, "",
                "not JSON: something follows the value (byte " + std::to_string(event.size() + 13) + ")");
  ExpectRefused("[" + event + ",]", kArray, kNotJson, "",
                "not JSON: expected a value (byte " + std::to_string(event.size() + 2) + ")");
  ExpectRefused(R"({"a":[}})", kObject, kNotJson, "", "not JSON: expected a value (byte 6)");
}

TEST_F(AdmissionTest, TextThatIsNotUtf8IsRefused) {
  for (const std::string_view bytes :
       {"\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    ExpectRefused(Event(bytes), kEvent, Refusal::kNotJson, "", "not JSON: the text is not valid UTF-8");
    ExpectRefused(Array({Event("1"), Event(bytes)}), kArray, Refusal::kNotJson, "",
                  "not JSON: the text is not valid UTF-8");
  }
}

TEST_F(AdmissionTest, TextThatIsNotJsonSaysNothingAboutRules) {
  ExpectRefused(R"({"source":1,"type":2,"data":3,})", kEvent, Refusal::kNotJson, "",
                "not JSON: expected a key in double quotes (byte 30)");
  ExpectRefused(R"([{"source":1},{"source":"\u0000"},)", kArray, Refusal::kNotJson, "",
                "not JSON: the text ends too early (byte 34)");
}

TEST_F(AdmissionTest, AnEmptyBatchIsRefused) {
  ExpectRefused("[ ]", kArray, Refusal::kInvalid, "events", "must hold at least one event");
  ExpectRefused(R"({"events":[]})", kObject, Refusal::kInvalid, "events", "must hold at least one event");
}

TEST_F(AdmissionTest, EventsMustBeThereOnce) {
  ExpectRefused(R"({"events":[)" + Event("1") + R"(],"events":[)" + Event("2") + "]}", kObject, Refusal::kInvalid,
                "events", "occurs more than once");
}

TEST_F(AdmissionTest, WhatIsNoEventInABatchIsNamed) {
  for (const auto shape : {kObject, kArray}) {
    const std::vector<std::string> events = {Event("1"), "null", "[]", R"("\u0000")", Event("2")};
    EXPECT_FALSE(Admit(shape == kObject ? Object(events) : Array(events), shape));
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation("events[1]", "must be an event, a JSON object"),
                                          IsViolation("events[2]", "must be an event, a JSON object"),
                                          IsViolation("events[3]", "must be an event, a JSON object")));
  }
}

TEST_F(AdmissionTest, ViolationsOfABatchNameTheirEvent) {
  for (const auto shape : {kObject, kArray}) {
    const std::vector<std::string> events = {Event("1"), Event(""), Event("3", R"(,"reason":1,"x":"\u0000")"),
                                             "{\"\\ud800\":1}"};
    EXPECT_FALSE(Admit(shape == kObject ? Object(events) : Array(events), shape));
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Paths(), ElementsAre("events[1].id", "events[2].data.x", "events[2].data.reason", "events[3]",
                                     "events[3].source", "events[3].type", "events[3].data"));
  }
}

TEST_F(AdmissionTest, AtMostTwentyViolationsAreCollected) {
  std::string event = R"({"id":"","source":"","type":"","time":"","data":{"outcome":""}})";
  EXPECT_FALSE(Admit(Array({event, event, event, event, event}), kArray));
  EXPECT_THAT(parser_.violations(), SizeIs(kMaxViolations));
}

TEST_F(AdmissionTest, NestingInABatchCountsFromTheEventToo) {
  const auto nested = [](std::size_t levels) {
    return ",\"x\":" + std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(Admit(Object({Event("1", nested(62))}), kObject));
  for (const auto shape : {kObject, kArray}) {
    const std::vector<std::string> events = {Event("1"), Event("2", nested(63)), Event("3")};
    EXPECT_FALSE(Admit(shape == kObject ? Object(events) : Array(events), shape));
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Paths(), ElementsAre("events[1].data.x"));
  }
  EXPECT_FALSE(Admit(std::string(10'000'000, '['), kArray));
  EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
  EXPECT_THAT(Paths(), ElementsAre("events[0]", "events[0]"));
  EXPECT_FALSE(Admit(R"({"x":)" + std::string(10'000'000, '['), kObject));
  EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
}

TEST_F(AdmissionTest, MoreEventsThanTheLimitAreRefused) {
  std::vector<std::string> events(5, Event("1"));
  EXPECT_TRUE(Admit(Array(events), kArray));
  EXPECT_TRUE(Admit(Object(events), kObject));
  events.emplace_back("{}");
  ExpectRefused(Array(events), kArray, Refusal::kTooManyEvents, "events", "must hold at most 5 events");
  ExpectRefused(Object(events), kObject, Refusal::kTooManyEvents, "events", "must hold at most 5 events");
  events[0] = "{}";
  ExpectRefused(Array(events), kArray, Refusal::kTooManyEvents, "events", "must hold at most 5 events");
}

TEST_F(AdmissionTest, AnEventLargerThanTheLimitIsRefused) {
  const std::size_t frame = Event("1", R"(,"x":"")").size();
  const auto sized = [&](std::size_t bytes) { return Event("1", R"(,"x":")" + std::string(bytes - frame, 'x') + '"'); };
  const std::string message = "has 4000001 bytes: at most 4000000 are allowed for one event";
  EXPECT_TRUE(Admit("  " + sized(4'000'000) + "  "));
  ExpectRefused(sized(4'000'001), kEvent, Refusal::kEventTooLarge, "", message);
  ExpectRefused(Array({Event(""), sized(4'000'001)}), kArray, Refusal::kEventTooLarge, "events[1]", message);
}

TEST_F(AdmissionTest, TheLimitCountsWhatIsFilledIn) {
  Parser small({.max_event_bytes = 300, .max_batch_events = 1}, [] { return 0; });
  const std::string begin =
      R"({"source":"s","type":"t","data":{"actor":{"id":"a"},"action":"x","outcome":"denied","x":")";
  const std::string end = R"("}})";
  constexpr std::size_t kFilledIn =
      std::string_view(
          R"("specversion":"1.0","id":"00000000-0000-7000-8000-000000000000","time":"2026-04-23T10:00:00.000000Z",)")
          .size();
  const std::size_t room = 300 - kFilledIn - begin.size() - end.size();
  EXPECT_TRUE(small.Admit(kEvent, Padded(begin + std::string(room, 'x') + end), window_));
  EXPECT_EQ(small.admitted()[0].json.size(), 300U);
  EXPECT_FALSE(small.Admit(kEvent, Padded(begin + std::string(room + 1, 'x') + end), window_));
  EXPECT_EQ(small.refusal(), Refusal::kEventTooLarge);
}

TEST_F(AdmissionTest, AParserStartsAfreshWithEveryCall) {
  EXPECT_FALSE(Admit("{}"));
  EXPECT_TRUE(Admit(Event("1")));
  EXPECT_THAT(parser_.violations(), IsEmpty());
  EXPECT_FALSE(Admit(R"({"events":[{}]})", kObject));
  EXPECT_THAT(parser_.admitted(), IsEmpty());
  EXPECT_FALSE(Admit("{}"));
  EXPECT_THAT(Paths(), ElementsAre("source", "type", "data"));
}

}  // namespace
}  // namespace audit::event
