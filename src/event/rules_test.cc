#include "event/rules.h"

#include <array>
#include <string>
#include <string_view>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using RulesTest = ParserFixture;

// An event of which one member can be replaced or left out.
struct Parts {
  std::string id = R"("e-1")";
  std::string source = R"("registry")";
  std::string type = R"("org.openg2p.update")";
  std::string time = R"("2026-04-23T10:00:00Z")";
  std::string more = {};  // `"key":value,`
  std::string actor = R"({"id":"u-1"})";
  std::string action = R"("update")";
  std::string outcome = R"("success")";
  std::string more_data = {};  // `,"key":value`
};

std::string Build(const Parts& parts) {
  std::string json = "{" + parts.more;
  const auto member = [&json](std::string_view key, const std::string& value) {
    if (value.empty()) return;
    if (!json.ends_with('{') && !json.ends_with(',')) json.push_back(',');
    json.append("\"").append(key).append("\":").append(value);
  };
  member("id", parts.id);
  member("source", parts.source);
  member("type", parts.type);
  member("time", parts.time);
  json.append(R"(,"data":{)");
  member("actor", parts.actor);
  member("action", parts.action);
  member("outcome", parts.outcome);
  return json.append(parts.more_data).append("}}");
}

std::string Text(std::size_t bytes) { return '"' + std::string(bytes, 'x') + '"'; }

// A member of Parts, and what becomes of the event when it holds this.
struct Case {
  std::string Parts::* part;
  std::string value;
  std::string path;     // empty: the event is taken
  std::string message;  // of the one violation
};

class EveryRule : public ParserFixture {
 protected:
  void Check(const Case& c) {
    Parts parts;
    parts.*c.part = c.value;
    const std::string json = Build(parts);
    const std::string shown = json.substr(0, 300);
    if (c.path.empty()) {
      EXPECT_TRUE(Admit(json)) << shown << "\n" << testing::PrintToString(Violations());
    } else {
      EXPECT_FALSE(Admit(json)) << shown;
      EXPECT_EQ(parser_.refusal(), Refusal::kInvalid) << shown;
      EXPECT_THAT(Violations(), ElementsAre(IsViolation(c.path, c.message))) << shown;
      EXPECT_THAT(parser_.admitted(), IsEmpty());
    }
  }
};

TEST_F(EveryRule, OfTheEnvelope) {
  const std::string id = "a string of 1 to 512 bytes";
  const std::string source = "a string of 1 to 1024 bytes";
  const std::string subject = "a string of at most 1024 bytes";
  const std::string media_type = R"(must be a JSON media type, such as "application/json", or absent)";
  const std::string version = R"(must be "1.0")";
  for (const Case& c : std::initializer_list<Case>{
           {&Parts::more, R"("specversion":"1.0",)", "", ""},
           {&Parts::more, R"("specversion":null,)", "", ""},
           {&Parts::more, R"("specversion":"1.0.2",)", "specversion", version},
           {&Parts::more, R"("specversion":"0.3",)", "specversion", version},
           {&Parts::more, R"("specversion":"",)", "specversion", version},
           {&Parts::more, R"("specversion":1.0,)", "specversion", version + ", but is a number"},

           {&Parts::id, "", "", ""},
           {&Parts::id, "null", "", ""},
           {&Parts::id, Text(512), "", ""},
           {&Parts::id, Text(513), "id", "must be " + id + ", but has 513"},
           {&Parts::id, R"("")", "id", "must be " + id + ", but has 0"},
           {&Parts::id, "17", "id", "must be " + id + ", but is a number"},
           {&Parts::id, "{}", "id", "must be " + id + ", but is an object"},

           {&Parts::source, Text(1024), "", ""},
           {&Parts::source, Text(1025), "source", "must be " + source + ", but has 1025"},
           {&Parts::source, R"("")", "source", "must be " + source + ", but has 0"},
           {&Parts::source, "[]", "source", "must be " + source + ", but is an array"},
           {&Parts::source, "", "source", "is missing: it must be " + source},
           {&Parts::source, "null", "source", "is missing: it must be " + source},

           {&Parts::type, Text(512), "", ""},
           {&Parts::type, Text(513), "type", "must be " + id + ", but has 513"},
           {&Parts::type, R"("")", "type", "must be " + id + ", but has 0"},
           {&Parts::type, "true", "type", "must be " + id + ", but is a boolean"},
           {&Parts::type, "", "type", "is missing: it must be " + id},
           {&Parts::type, "null", "type", "is missing: it must be " + id},

           {&Parts::more, R"("subject":"",)", "", ""},
           {&Parts::more, R"("subject":null,)", "", ""},
           {&Parts::more, R"("subject":)" + Text(1024) + ",", "", ""},
           {&Parts::more, R"("subject":)" + Text(1025) + ",", "subject", "must be " + subject + ", but has 1025"},
           {&Parts::more, R"("subject":1,)", "subject", "must be " + subject + ", but is a number"},

           {&Parts::more, R"("datacontenttype":"application/json; charset=utf-8",)", "", ""},
           {&Parts::more, R"("datacontenttype":"application/vnd.x+json",)", "", ""},
           {&Parts::more, R"("datacontenttype":null,)", "", ""},
           {&Parts::more, R"("datacontenttype":"text/xml",)", "datacontenttype", media_type},
           {&Parts::more, R"("datacontenttype":"",)", "datacontenttype", media_type},
           {&Parts::more, R"("datacontenttype":1,)", "datacontenttype", "must be a string, but is a number"},
       }) {
    Check(c);
  }
}

TEST_F(EveryRule, OfTime) {
  const std::string rfc3339 = R"(must be an RFC 3339 time with an offset, such as "2026-04-23T10:00:00Z")";
  const std::string too_late = "lies too far ahead: the latest accepted now is 2026-04-24T10:00:00.123456Z";
  const std::string too_early = "is older than what is kept: the earliest accepted now is 2019-05-01T00:00:00.000000Z";
  for (const Case& c : std::initializer_list<Case>{
           {&Parts::time, "", "", ""},
           {&Parts::time, "null", "", ""},
           {&Parts::time, R"("2026-04-23t10:00:00.1234567z")", "", ""},
           {&Parts::time, R"("2026-04-23 10:00:00+05:30")", "", ""},
           {&Parts::time, R"("2026-04-23T10:00:00\u005a")", "", ""},
           {&Parts::time, R"("2026-04-24T10:00:00.123456Z")", "", ""},
           {&Parts::time, R"("2026-04-24T10:00:00.123457Z")", "time", too_late},
           {&Parts::time, R"("9999-12-31T23:59:59Z")", "time", too_late},
           {&Parts::time, R"("2019-05-01T00:00:00Z")", "", ""},
           {&Parts::time, R"("2019-04-30T23:59:59.999999Z")", "time", too_early},
           {&Parts::time, R"("0001-01-01T00:00:00Z")", "time", too_early},
           {&Parts::time, R"("2026-04-23T10:00:00")", "time", rfc3339},
           {&Parts::time, R"("2026-02-30T10:00:00Z")", "time", rfc3339},
           {&Parts::time, R"("")", "time", rfc3339},
           {&Parts::time, "1776938400", "time", "must be a string, but is a number"},
       }) {
    Check(c);
  }
}

TEST_F(EveryRule, OfData) {
  const std::string action = "a string of at most 256 bytes";
  const std::string outcome = R"(must be one of "success", "failure", "denied")";
  for (const Case& c : std::initializer_list<Case>{
           {&Parts::action, R"("")", "", ""},
           {&Parts::action, Text(256), "", ""},
           {&Parts::action, Text(257), "data.action", "must be " + action + ", but has 257"},
           {&Parts::action, "", "data.action", "is missing: it must be " + action},
           {&Parts::action, "null", "data.action", "is missing: it must be " + action},
           {&Parts::action, "[\"update\"]", "data.action", "must be " + action + ", but is an array"},

           {&Parts::outcome, R"("failure")", "", ""},
           {&Parts::outcome, R"("denied")", "", ""},
           {&Parts::outcome, R"("d\u0065nied")", "", ""},
           {&Parts::outcome, R"("Success")", "data.outcome", outcome},
           {&Parts::outcome, R"("")", "data.outcome", outcome},
           {&Parts::outcome, "true", "data.outcome", outcome + ", but is a boolean"},
           {&Parts::outcome, "", "data.outcome", R"(is missing: it must be one of "success", "failure", "denied")"},
           {&Parts::outcome, "null", "data.outcome", R"(is missing: it must be one of "success", "failure", "denied")"},

           {&Parts::more_data, R"(,"reason":null)", "", ""},
           {&Parts::more_data, R"(,"reason":"")", "", ""},
           {&Parts::more_data, R"(,"reason":)" + Text(100'000), "", ""},
           {&Parts::more_data, R"(,"reason":{})", "data.reason", "must be a string, but is an object"},

           {&Parts::more_data, R"(,"anything":{"else":[1,null,true]})", "", ""},
       }) {
    Check(c);
  }
}

TEST_F(EveryRule, OfTheActor) {
  const std::string id = "a string of at most 512 bytes";
  const std::string type = R"(must be one of "user", "system", "service", "anonymous")";
  for (const Case& c : std::initializer_list<Case>{
           {&Parts::actor, "", "data.actor", "is missing: it must be an object"},
           {&Parts::actor, "null", "data.actor", "is missing: it must be an object"},
           {&Parts::actor, R"("u-1")", "data.actor", "must be an object, but is a string"},
           {&Parts::actor, "[]", "data.actor", "must be an object, but is an array"},

           {&Parts::actor, "{}", "data.actor.id", "is missing: it must be " + id},
           {&Parts::actor, R"({"id":null})", "data.actor.id", "is missing: it must be " + id},
           {&Parts::actor, R"({"id":""})", "", ""},
           {&Parts::actor, R"({"id":)" + Text(512) + "}", "", ""},
           {&Parts::actor, R"({"id":)" + Text(513) + "}", "data.actor.id", "must be " + id + ", but has 513"},
           {&Parts::actor, R"({"id":48213})", "data.actor.id", "must be " + id + ", but is a number"},

           {&Parts::actor, R"({"id":"u","type":null})", "", ""},
           {&Parts::actor, R"({"id":"u","type":"user"})", "", ""},
           {&Parts::actor, R"({"id":"u","type":"system"})", "", ""},
           {&Parts::actor, R"({"id":"u","type":"service"})", "", ""},
           {&Parts::actor, R"({"id":"u","type":"anonymous"})", "", ""},
           {&Parts::actor, R"({"id":"u","type":"robot"})", "data.actor.type", type},
           {&Parts::actor, R"({"id":"u","type":""})", "data.actor.type", type},
           {&Parts::actor, R"({"id":"u","type":0})", "data.actor.type", type + ", but is a number"},

           {&Parts::actor, R"({"id":"u","name":null,"ip":null,"session_id":null,"roles":null})", "", ""},
           {&Parts::actor, R"({"id":"u","name":"","ip":"not checked","session_id":"s","roles":[]})", "", ""},
           {&Parts::actor, R"({"id":"u","name":1})", "data.actor.name", "must be a string, but is a number"},
           {&Parts::actor, R"({"id":"u","ip":[]})", "data.actor.ip", "must be a string, but is an array"},
           {&Parts::actor, R"({"id":"u","session_id":false})", "data.actor.session_id",
            "must be a string, but is a boolean"},

           {&Parts::actor, R"({"id":"u","roles":["a" , "b\n"]})", "", ""},
           {&Parts::actor, R"({"id":"u","roles":"admin"})", "data.actor.roles",
            "must be an array of strings, but is a string"},
           {&Parts::actor, R"({"id":"u","roles":{}})", "data.actor.roles",
            "must be an array of strings, but is an object"},
           {&Parts::actor, R"({"id":"u","roles":["a",["b"]]})", "data.actor.roles[1]",
            "must be a string, but is an array"},
           {&Parts::actor, R"({"id":"u","roles":[null]})", "data.actor.roles[0]", "must be a string, but is null"},

           {&Parts::actor, R"({"id":"u","unknown":[{}]})", "", ""},
       }) {
    Check(c);
  }
}

TEST_F(EveryRule, OfTheResource) {
  const auto resource = [](std::string_view value) { return std::string(R"(,"resource":)").append(value); };
  const std::string type = "a string of at most 256 bytes";
  const std::string id = "a string of at most 1024 bytes";
  for (const Case& c : std::initializer_list<Case>{
           {&Parts::more_data, resource("null"), "", ""},
           {&Parts::more_data, resource("[]"), "data.resource", "must be an object, but is an array"},
           {&Parts::more_data, resource(R"("x")"), "data.resource", "must be an object, but is a string"},
           {&Parts::more_data, resource("{}"), "data.resource.type", "is missing: it must be " + type},
           {&Parts::more_data, resource(R"({"type":null})"), "data.resource.type", "is missing: it must be " + type},
           {&Parts::more_data, resource(R"({"type":""})"), "", ""},
           {&Parts::more_data, resource(R"({"type":)" + Text(256) + "}"), "", ""},
           {&Parts::more_data, resource(R"({"type":)" + Text(257) + "}"), "data.resource.type",
            "must be " + type + ", but has 257"},
           {&Parts::more_data, resource(R"({"type":1})"), "data.resource.type",
            "must be " + type + ", but is a number"},
           {&Parts::more_data, resource(R"({"type":"t","id":null})"), "", ""},
           {&Parts::more_data, resource(R"({"type":"t","id":)" + Text(1024) + "}"), "", ""},
           {&Parts::more_data, resource(R"({"type":"t","id":)" + Text(1025) + "}"), "data.resource.id",
            "must be " + id + ", but has 1025"},
           {&Parts::more_data, resource(R"({"type":"t","id":1})"), "data.resource.id",
            "must be " + id + ", but is a number"},
           {&Parts::more_data, resource(R"({"type":"t","unknown":1.50})"), "", ""},
       }) {
    Check(c);
  }
}

TEST_F(RulesTest, DataMustBeAnObject) {
  constexpr std::string_view kBegin = R"({"source":"s","type":"t")";
  const struct {
    std::string_view data;
    std::string_view message;
  } kCases[] = {
      {"}", "is missing: it must be an object"},
      {R"(,"data":null})", "is missing: it must be an object"},
      {R"(,"data":[]})", "must be an object, but is an array"},
      {R"(,"data":"{}"})", "must be an object, but is a string"},
      {R"(,"data_base64":"e30="})", "is missing: it must be an object"},
  };
  for (const auto& [data, message] : kCases) {
    EXPECT_FALSE(Admit(std::string(kBegin).append(data)));
    EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
    EXPECT_THAT(Violations(), ElementsAre(IsViolation("data", message))) << data;
  }
}

TEST_F(RulesTest, LengthsAreBytesOfTheUnescapedText) {
  std::string escaped;
  std::string accented;
  for (int i = 0; i < 256; ++i) escaped.append("\\u0041");
  for (int i = 0; i < 128; ++i) accented.append("\xc3\xa9");
  EXPECT_TRUE(Admit(Build({.action = '"' + escaped + '"'})));
  EXPECT_FALSE(Admit(Build({.action = '"' + escaped + "\\n\""})));
  EXPECT_TRUE(Admit(Build({.action = '"' + accented + '"'})));
  EXPECT_FALSE(Admit(Build({.action = '"' + accented + "a\""})));
}

TEST_F(RulesTest, ATraceparentNeverRejectsAnEvent) {
  for (const std::string_view value : {"null", R"("")", R"("garbage")", "17", "true", "[]", R"({"a":[1]})"}) {
    EXPECT_TRUE(Admit(Build({.more = std::string(R"("traceparent":)").append(value).append(",")}))) << value;
  }
}

TEST_F(RulesTest, UnknownAttributesAreAllowedEverywhere) {
  const std::string json = R"({"x":1,"data_base64":"AA==","com.example":{"y":[]},"source":"s","type":"t","data":)"
                           R"({"x":null,"actor":{"x":{},"id":"a"},"action":"a","outcome":"denied","resource":)"
                           R"({"type":"t","x":[[]]}}})";
  EXPECT_TRUE(Admit(json));
}

TEST_F(RulesTest, AllViolationsOfAnEventAreCollected) {
  EXPECT_FALSE(
      Admit(R"({"specversion":"2","id":"","source":null,"type":1,"time":"now","subject":[],"datacontenttype":"x",)"
            R"("data":{"actor":{"type":"x","name":1,"roles":[1]},"outcome":"x","reason":1,"resource":{"id":1}}})"));
  EXPECT_EQ(parser_.refusal(), Refusal::kInvalid);
  EXPECT_THAT(Paths(),
              ElementsAre("specversion", "id", "source", "type", "time", "datacontenttype", "subject",
                          "data.actor.type", "data.actor.id", "data.actor.name", "data.actor.roles[0]", "data.action",
                          "data.outcome", "data.reason", "data.resource.type", "data.resource.id"));
}

TEST_F(RulesTest, MessagesDoNotRepeatValues) {
  EXPECT_FALSE(
      Admit(R"({"specversion":"Secret","source":"s","type":"t","time":"Secret","datacontenttype":"Secret","data":)"
            R"({"actor":{"id":["Secret"],"type":"Secret","Secret name":"\u0000"},"action":"a","outcome":"Secret"}})"));
  EXPECT_THAT(Paths(), ElementsAre("data.actor", "specversion", "time", "datacontenttype", "data.actor.type",
                                   "data.actor.id", "data.outcome"));
  for (const Violation& violation : parser_.violations()) {
    EXPECT_THAT(violation.message, testing::Not(testing::HasSubstr("Secret")));
  }
}

}  // namespace
}  // namespace audit::event
