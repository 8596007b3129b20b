// Random valid events: what Admit takes, Read gives back as the record that the event's maker expects.
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "event/key_reader.h"
#include "event/parser_fixture.h"

namespace audit::event {
namespace {

// What one random event should become, beside its text.
struct Expected {
  std::optional<std::string> id;
  std::string source, type, actor_type, actor_id, action, outcome;
  std::optional<std::string> time, subject, resource_type, resource_id, reason, trace_id, details;
};

class EventMaker {
 public:
  explicit EventMaker(unsigned seed) : random_(seed) {}

  std::string Make(Expected* expected) {
    *expected = {};
    std::vector<std::string> members;
    if (Chance(70)) Member(members, "id", Text(1, &expected->id.emplace()));
    if (Chance(70)) {
      expected->time = "2026-04-" + std::to_string(10 + Below(13)) + "T0" + std::to_string(Below(10)) + ":00:00.0" +
                       std::to_string(10'000 + Below(80'000)) + "Z";
      Member(members, "time", Quoted(*expected->time));
    }
    Optional(members, "specversion", "\"1.0\"");
    Optional(members, "datacontenttype", "\"application/json\"");
    Member(members, "source", Text(1, &expected->source));
    Member(members, "type", Text(1, &expected->type));
    OptionalText(members, "subject", &expected->subject);
    if (Chance(50)) {
      expected->trace_id = std::string(31, 'a') + static_cast<char>('0' + Below(10));
      Member(members, "traceparent", Quoted("00-" + *expected->trace_id + "-00f067aa0ba902b7-01"));
    }
    if (Chance(30)) Member(members, "extension", Value(2));
    Member(members, "data", Data(expected));
    std::string json;
    WriteObject(members, &json);
    return json;
  }

 private:
  // White space around tokens is written into members as '\1' and becomes random space in the end, so
  // that the same members give the compact text too.
  static constexpr char kGap = '\1';

  std::size_t Below(std::size_t bound) { return random_() % bound; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  static std::string Quoted(std::string_view text) { return std::string("\"").append(text).append("\""); }

  static void Member(std::vector<std::string>& members, std::string_view key, std::string_view value) {
    members.push_back(Quoted(key) + kGap + ":" + kGap + std::string(value));
  }
  void Optional(std::vector<std::string>& members, std::string_view key, std::string_view value) {
    if (Chance(60)) Member(members, key, Chance(80) ? value : "null");
  }
  void OptionalText(std::vector<std::string>& members, std::string_view key, std::optional<std::string>* plain) {
    if (Chance(30)) return;
    if (Chance(30)) return Member(members, key, "null");
    Member(members, key, Text(0, &plain->emplace()));
  }

  std::string Text(std::size_t min, std::string* plain) {
    static constexpr std::pair<std::string_view, std::string_view> kPieces[] = {
        {"a", "a"},
        {" ", " "},
        {"7", "7"},
        {"}", "}"},
        {",", ","},
        {"\\\"", "\""},
        {"\\\\", "\\"},
        {"\\/", "/"},
        {"\\n", "\n"},
        {"\\u0041", "A"},
        {"\\u00e9", "\xc3\xa9"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}};
    std::string token = "\"";
    plain->clear();
    const std::size_t pieces = min + Below(Chance(20) ? 60 : 8);
    for (std::size_t i = 0; i < pieces; ++i) {
      const auto& [escaped, text] = kPieces[Chance(60) ? Below(3) : Below(std::size(kPieces))];
      token.append(escaped);
      plain->append(text);
    }
    return token + '"';
  }

  std::string Value(int depth) {
    static constexpr std::string_view kScalars[] = {
        "0", "-1.50", "1E+2", "12345678901234567890123", "true", "false", "null", "\"\"", "[]", "{}", "\"\\u0041\""};
    std::string plain;
    if (depth == 0 || Chance(50))
      return Chance(50) ? Text(0, &plain) : std::string(kScalars[Below(std::size(kScalars))]);
    std::string value;
    std::vector<std::string> items;
    const bool object = Chance(50);
    for (std::size_t i = Below(4); i > 0; --i) {
      if (object) {
        items.push_back(Text(0, &plain) + kGap + ":" + kGap + Value(depth - 1));
      } else {
        items.push_back(Value(depth - 1));
      }
    }
    return Join(items, object ? '{' : '[', object ? '}' : ']');
  }

  static std::string Join(const std::vector<std::string>& items, char open, char close) {
    std::string text(1, open);
    for (std::size_t i = 0; i < items.size(); ++i)
      text.append(1, kGap).append(i == 0 ? "" : ",").append(1, kGap).append(items[i]);
    return text + kGap + close;
  }

  std::string Data(Expected* expected) {
    std::vector<std::string> members;
    std::vector<std::string> rest;
    std::vector<std::string> actor_rest;
    std::vector<std::string> resource_rest;

    std::vector<std::string> actor;
    expected->actor_type = "user";
    if (Chance(50)) {
      static constexpr std::string_view kTypes[] = {"user", "system", "service", "anonymous"};
      expected->actor_type = kTypes[Below(4)];
      Member(actor, "type", Quoted(expected->actor_type));
    }
    Member(actor, "id", Text(0, &expected->actor_id));
    for (const std::string_view key : {"name", "ip", "session_id"}) {
      std::optional<std::string> plain;
      const std::size_t before = actor.size();
      OptionalText(actor, key, &plain);
      if (actor.size() > before && plain && !plain->empty()) actor_rest.push_back(actor.back());
    }
    if (Chance(50)) {
      std::string plain;
      Member(actor, "roles", Join({Text(0, &plain), Text(0, &plain)}, '[', ']'));
      actor_rest.push_back(actor.back());
    }
    Extra(actor, actor_rest, true);
    Member(members, "actor", Join(actor, '{', '}'));
    if (!actor_rest.empty()) Member(rest, "actor", Join(actor_rest, '{', '}'));

    Member(members, "action", Text(0, &expected->action));
    static constexpr std::string_view kOutcomes[] = {"success", "failure", "denied"};
    expected->outcome = kOutcomes[Below(3)];
    Member(members, "outcome", Quoted(expected->outcome));
    OptionalText(members, "reason", &expected->reason);
    if (Chance(60)) {
      std::vector<std::string> resource;
      Member(resource, "type", Text(0, &expected->resource_type.emplace()));
      OptionalText(resource, "id", &expected->resource_id);
      Extra(resource, resource_rest, true);
      Member(members, "resource", Join(resource, '{', '}'));
      if (!resource_rest.empty()) Member(rest, "resource", Join(resource_rest, '{', '}'));
    } else {
      Optional(members, "resource", "null");
    }
    Extra(members, rest, false);
    if (!rest.empty()) expected->details = Compact(Join(rest, '{', '}'));
    return Join(members, '{', '}');
  }

  // Members that the contract does not name; those that `details` keeps are added to `rest`.
  void Extra(std::vector<std::string>& members, std::vector<std::string>& rest, bool drop_empty) {
    for (std::size_t i = Below(4); i > 0; --i) {
      const std::string value = Value(3);
      const std::string bare = Compact(value);
      Member(members, "extra" + std::to_string(Below(3)), value);
      const bool empty = bare == "\"\"" || bare == "[]" || bare == "{}";
      if (bare != "null" && !(drop_empty && empty)) rest.push_back(members.back());
    }
  }

  static std::string Compact(std::string text) {
    std::erase(text, kGap);
    return text;
  }
  void WriteObject(const std::vector<std::string>& members, std::string* json) {
    static constexpr std::string_view kSpaces[] = {"", "", "", " ", "\n", "\r\n\t "};
    const bool spaced = Chance(50);
    for (const char c : Join(members, '{', '}')) {
      if (c != kGap) {
        json->push_back(c);
      } else if (spaced) {
        json->append(kSpaces[Below(std::size(kSpaces))]);
      }
    }
  }

  std::mt19937 random_;
};

class RoundTripTest : public ParserFixture {};

TEST_F(RoundTripTest, ReadGivesTheRecordOfWhatAdmitTook) {
  EventMaker maker(20'260'423);
  KeyReader keys;
  for (int round = 0; round < 5'000; ++round) {
    Expected expected;
    const std::string event = maker.Make(&expected);
    ASSERT_TRUE(Admit(event)) << event << testing::PrintToString(Violations());
    const std::string id(parser_.admitted()[0].id);
    const std::string key(parser_.admitted()[0].key);
    const std::string stored(parser_.admitted()[0].json);
    ASSERT_TRUE(Read(stored)) << stored << testing::PrintToString(Violations());

    SCOPED_TRACE(stored);
    ASSERT_EQ(id, expected.id.value_or(id));
    ASSERT_EQ(key, expected.subject && !expected.subject->empty() ? *expected.subject : expected.actor_id);
    ASSERT_EQ(record_.id, id);
    ASSERT_EQ(time::FormatMicros(record_.occurred_at), expected.time.value_or(std::string(kNow)));
    ASSERT_EQ(record_.source, expected.source);
    ASSERT_EQ(record_.type, expected.type);
    ASSERT_EQ(record_.subject, expected.subject);
    ASSERT_EQ(record_.actor_type, expected.actor_type);
    ASSERT_EQ(record_.actor_id, expected.actor_id);
    ASSERT_EQ(record_.resource_type, expected.resource_type);
    ASSERT_EQ(record_.resource_id, expected.resource_id);
    ASSERT_EQ(record_.action, expected.action);
    ASSERT_EQ(record_.outcome, expected.outcome);
    ASSERT_EQ(record_.reason, expected.reason);
    ASSERT_EQ(record_.trace_id, expected.trace_id);
    ASSERT_EQ(record_.details, expected.details);
    ASSERT_EQ(keys.Read(Padded(stored)), key);
  }
}

TEST_F(RoundTripTest, ABatchGivesWhatItsEventsGiveAlone) {
  EventMaker maker(7);
  for (int round = 0; round < 200; ++round) {
    std::string body = "[";
    std::vector<std::string> events;
    while (events.size() < 5) {
      Expected expected;
      events.push_back(maker.Make(&expected));
      if (!expected.id || !expected.time) events.pop_back();
    }
    for (const std::string& event : events) body.append(body.size() > 1 ? "," : "").append(event);
    ASSERT_TRUE(Admit(body + "]", Parser::Shape::kEventsArray));
    std::vector<std::string> together;
    for (const Admitted& admitted : parser_.admitted()) together.emplace_back(admitted.json);
    for (std::size_t i = 0; i < events.size(); ++i) {
      ASSERT_TRUE(Admit(events[i]));
      ASSERT_EQ(together[i], parser_.admitted()[0].json);
    }
  }
}

}  // namespace
}  // namespace audit::event
