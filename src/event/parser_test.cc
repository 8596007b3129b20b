// Stored events read back into records (contract, section 3).
#include "event/parser.h"

#include <optional>
#include <string>
#include <string_view>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A stored event whose `data` has these members beside the required ones.
std::string Stored(std::string_view in_data, std::string_view in_actor = "", std::string_view in_resource = "",
                   std::string_view in_envelope = "") {
  std::string json = R"({"specversion":"1.0","id":"e-1","source":"s","type":"t","time":"2026-04-23T10:00:00Z",)";
  json.append(in_envelope).append(R"("data":{"actor":{"id":"a")").append(in_actor);
  json.append(R"(},"action":"x","outcome":"denied")");
  if (!in_resource.empty()) json.append(R"(,"resource":{"type":"r")").append(in_resource).append("}");
  return json.append(in_data).append("}}");
}

class ReadTest : public ParserFixture {
 protected:
  std::optional<std::string> Details(const std::string& json) {
    EXPECT_TRUE(Read(json)) << json << testing::PrintToString(Violations());
    if (!record_.details) return std::nullopt;
    return std::string(*record_.details);
  }
};

TEST_F(ReadTest, EveryColumnHasItsField) {
  ASSERT_TRUE(Read(
      R"({"specversion":"1.0","id":"6f0c7a0e","source":"openg2p/registry","type":"org.openg2p.updated",)"
      R"("time":"2026-04-23T15:30:00.1234567+05:30","datacontenttype":"application/json","subject":"b/1",)"
      R"("traceparent":"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01","extension":true,"data":{)"
      R"("actor":{"type":"service","id":"svc-1","name":"Payments","roles":["a","b"],"ip":"10.0.0.1","session_id":"s"},)"
      R"("action":"pay","outcome":"failure","reason":"no funds","resource":{"type":"payment","id":"p-1",)"
      R"("currency":"INR","amount":1250.50},"channel":"web"}})"));
  EXPECT_EQ(record_.id, "6f0c7a0e");
  EXPECT_EQ(time::FormatMicros(record_.occurred_at), "2026-04-23T10:00:00.123456Z");
  EXPECT_EQ(record_.source, "openg2p/registry");
  EXPECT_EQ(record_.type, "org.openg2p.updated");
  EXPECT_EQ(record_.subject, "b/1");
  EXPECT_EQ(record_.actor_type, "service");
  EXPECT_EQ(record_.actor_id, "svc-1");
  EXPECT_EQ(record_.resource_type, "payment");
  EXPECT_EQ(record_.resource_id, "p-1");
  EXPECT_EQ(record_.action, "pay");
  EXPECT_EQ(record_.outcome, "failure");
  EXPECT_EQ(record_.reason, "no funds");
  EXPECT_EQ(record_.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(record_.details, R"({"actor":{"name":"Payments","roles":["a","b"],"ip":"10.0.0.1","session_id":"s"},)"
                             R"("resource":{"currency":"INR","amount":1250.50},"channel":"web"})");
}

TEST_F(ReadTest, WhatIsAbsentIsNull) {
  ASSERT_TRUE(Read(Stored("")));
  EXPECT_EQ(record_.actor_type, "user");
  EXPECT_EQ(record_.subject, std::nullopt);
  EXPECT_EQ(record_.resource_type, std::nullopt);
  EXPECT_EQ(record_.resource_id, std::nullopt);
  EXPECT_EQ(record_.reason, std::nullopt);
  EXPECT_EQ(record_.trace_id, std::nullopt);
  EXPECT_EQ(record_.details, std::nullopt);
}

TEST_F(ReadTest, WhatIsEmptyIsNotAbsent) {
  ASSERT_TRUE(Read(Stored(R"(,"reason":"")", "", R"(,"id":"")", R"("subject":"",)")));
  EXPECT_EQ(record_.subject, "");
  EXPECT_EQ(record_.resource_id, "");
  EXPECT_EQ(record_.reason, "");
}

TEST_F(ReadTest, EscapesAreUndoneInColumns) {
  ASSERT_TRUE(
      Read(R"({"id":"\u0065\n1","source":"\"","type":"\ud83d\ude00","time":"2026-04-23T10:00:00\u005A","subject":"\/",)"
           R"("data":{"actor":{"type":"\u0075ser","id":"\\"},"action":"\t","outcome":"d\u0065nied"}})"));
  EXPECT_EQ(record_.id, "e\n1");
  EXPECT_EQ(record_.source, "\"");
  EXPECT_EQ(record_.type, "\xf0\x9f\x98\x80");
  EXPECT_EQ(record_.subject, "/");
  EXPECT_EQ(record_.actor_type, "user");
  EXPECT_EQ(record_.actor_id, "\\");
  EXPECT_EQ(record_.action, "\t");
  EXPECT_EQ(record_.outcome, "denied");
}

TEST_F(ReadTest, TheTraceIdIsNullUnlessTheTraceparentIsValid) {
  const auto trace_id = [this](std::string_view traceparent) {
    EXPECT_TRUE(Read(Stored("", "", "", std::string(R"("traceparent":)").append(traceparent).append(","))));
    return record_.trace_id;
  };
  EXPECT_EQ(trace_id(R"("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")"),
            "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace_id(R"("00\u002d4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")"),
            "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace_id(R"("00-00000000000000000000000000000000-00f067aa0ba902b7-01")"), std::nullopt);
  EXPECT_EQ(trace_id(R"("")"), std::nullopt);
  EXPECT_EQ(trace_id("[]"), std::nullopt);
  EXPECT_EQ(trace_id("null"), std::nullopt);
}

TEST_F(ReadTest, DetailsAreTheTokensAsTheyCame) {
  EXPECT_EQ(Details(Stored(R"( , "n" : [ 1.0 , -0 , 1E+2 , 12345678901234567890.123456789012345678901 ] )")),
            R"({"n":[1.0,-0,1E+2,12345678901234567890.123456789012345678901]})");
  EXPECT_EQ(Details(Stored(R"(,"\u0061 b" :"\u0041\/ \" ] x")")), R"({"\u0061 b":"\u0041\/ \" ] x"})");
  EXPECT_EQ(Details(Stored(R"(,"o":{ "b" : { } , "a" : [ ] , "n" : null })")), R"({"o":{"b":{},"a":[],"n":null}})");
  EXPECT_EQ(Details(Stored(R"(,"a":1,"a":2)")), R"({"a":1,"a":2})");
  EXPECT_EQ(Details(Stored("\n,\n\"a\"\n:\ntrue\n")), R"({"a":true})");
}

TEST_F(ReadTest, DetailsDropNullsOfDataAndKeepItsOtherEmptyValues) {
  EXPECT_EQ(Details(Stored(R"(,"a":null,"b":"","c":[],"d":{},"e":[null])")), R"({"b":"","c":[],"d":{},"e":[null]})");
  EXPECT_EQ(Details(Stored(R"(,"a":null)")), std::nullopt);
}

TEST_F(ReadTest, DetailsDropWhatSaysNothingInActorAndResource) {
  EXPECT_EQ(Details(Stored("", R"(,"type":"user","name":"","ip":null,"roles":[ ],"x":{ },"y":false,"z":0)")),
            R"({"actor":{"y":false,"z":0}})");
  EXPECT_EQ(Details(Stored("", "", R"(,"id":"1","name":"","ip":null,"roles":[],"x":{},"y":[null],"z":" ")")),
            R"({"resource":{"y":[null],"z":" "}})");
  EXPECT_EQ(Details(Stored("", R"(,"type":null,"name":"","ip":null,"roles":[])", R"(,"id":null,"x":"")")),
            std::nullopt);
  EXPECT_EQ(Details(Stored(R"(,"resource":null)")), std::nullopt);
  EXPECT_EQ(Details(Stored(R"(,"nested":{"x":null,"y":""})", R"(,"nested":{"x":null,"y":"","type":1})")),
            R"({"actor":{"nested":{"x":null,"y":"","type":1}},"nested":{"x":null,"y":""}})");
}

TEST_F(ReadTest, DetailsLeaveOutColumnsHoweverTheirKeysAreSpelt) {
  EXPECT_EQ(
      Details(R"({"id":"1","source":"s","type":"t","time":"2026-04-23T10:00:00Z","data":{"\u0061ctor":{"i\u0064":"a",)"
              R"("n\u0061me":"A"},"\u0061ction":"x","outcome":"denied","reaso\u006e":"r","x":1}})"),
      R"({"\u0061ctor":{"n\u0061me":"A"},"x":1})");
}

TEST_F(ReadTest, ReadsWhatThePythonServiceWrote) {
  ASSERT_TRUE(Read(
      R"({"specversion": "1.0", "id": "e-1", "source": "registry", "type": "t", "time": "2026-04-23T10:00:00.123456+00:00", )"
      R"("datacontenttype": "application/json", "subject": null, "traceparent": null, "data": {"actor": {"type": "user", "id": "u", )"
      R"("name": null, "roles": null, "ip": null, "session_id": null}, "action": "x", "outcome": "success", "reason": null, )"
      R"("resource": {"type": "r", "id": null, "name": null}, "request": null}})"));
  EXPECT_EQ(record_.subject, std::nullopt);
  EXPECT_EQ(record_.resource_id, std::nullopt);
  EXPECT_EQ(record_.reason, std::nullopt);
  EXPECT_EQ(record_.details, std::nullopt);
}

TEST_F(ReadTest, TheTimeWindowIsNotAskedAgain) {
  std::string json = Stored("");
  for (const std::string_view time : {"1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    json.replace(json.find(R"("time":")") + 8, 20, time);
    EXPECT_TRUE(Read(json)) << json;
  }
}

TEST_F(ReadTest, IdAndTimeMustBeThere) {
  for (const std::string_view nulls : {"", R"("id":null,"time":null,)"}) {
    EXPECT_FALSE(Read(std::string("{").append(nulls).append(
        R"("source":"s","type":"t","data":{"actor":{"id":"a"},"action":"x","outcome":"denied"}})")));
    EXPECT_THAT(Violations(), ElementsAre(IsViolation("id", "is missing: it must be a string of 1 to 512 bytes"),
                                          IsViolation("time", "is missing: it must be a string")));
  }
}

TEST_F(ReadTest, TheOtherRulesHold) {
  EXPECT_FALSE(Read(Stored(R"(,"reason":1,"x":1e999999)")));
  EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
  EXPECT_THAT(Paths(), ElementsAre("data.x", "data.reason"));
  for (const std::string_view json : {"", "null", "[]", "\xff", R"({"id":"1")", "{}{}"}) {
    EXPECT_FALSE(Read(json)) << json;
    EXPECT_EQ(parser_.refusal(), Refusal::kNotJson) << json;
  }
}

TEST_F(ReadTest, ARefusedEventIsStillNamed) {
  EXPECT_FALSE(Read(R"({"id":"e-1","source":"s","type":1})"));
  EXPECT_EQ(record_.id, "e-1");
  EXPECT_EQ(record_.source, "s");
  EXPECT_FALSE(Read(R"({"id":7,"source":"s")"));
  EXPECT_THAT(record_.id, IsEmpty());
}

}  // namespace
}  // namespace audit::event
