#include "event/rules.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "event/json_text.h"
#include "event/media_type.h"
#include "event/trace_context.h"
#include "time/rfc3339.h"

namespace audit::event {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

struct TextRule {
  bool required = false;
  std::size_t min_bytes = 0;
  std::size_t max_bytes = kUnbounded;
};
constexpr TextRule kOptionalText{};

constexpr std::array<std::string_view, 1> kSpecversions = {"1.0"};
constexpr std::array<std::string_view, 4> kActorTypes = {"user", "system", "service", "anonymous"};
constexpr std::array<std::string_view, 3> kOutcomes = {"success", "failure", "denied"};

std::string_view NameOf(JsonType type) {
  switch (type) {
    case JsonType::kNull: return "null";
    case JsonType::kBool: return "a boolean";
    case JsonType::kNumber: return "a number";
    case JsonType::kString: return "a string";
    case JsonType::kArray: return "an array";
    case JsonType::kObject: return "an object";
  }
  return "something else";
}

std::string Allowed(const TextRule& rule) {
  if (rule.max_bytes == kUnbounded) return "a string";
  if (rule.min_bytes == 0) return "a string of at most " + std::to_string(rule.max_bytes) + " bytes";
  return "a string of " + std::to_string(rule.min_bytes) + " to " + std::to_string(rule.max_bytes) + " bytes";
}

std::string Listed(std::span<const std::string_view> allowed) {
  std::string list = allowed.size() > 1 ? "one of " : "";
  for (const std::string_view value : allowed) {
    if (value != allowed.front()) list.append(", ");
    list.append("\"").append(value).append("\"");
  }
  return list;
}

std::string_view TextOf(const JsonToken& token, std::pmr::memory_resource& memory) {
  const std::string_view inner = token.inner();
  if (!token.escaped) return inner;
  auto* const out = static_cast<char*>(memory.allocate(inner.size(), 1));
  return {out, Unescape(inner, out)};
}

class RuleCheck {
 public:
  RuleCheck(const ScannedEvent& event, const TimeWindow* window, std::pmr::memory_resource& memory,
            Violations& violations, Record& record)
      : event_(event), window_(window), memory_(memory), violations_(violations), record_(record) {}

  void Envelope() {
    OneOf(Field::kSpecversion, false, kSpecversions);
    record_.id = Text(Field::kId, {.required = window_ == nullptr, .min_bytes = 1, .max_bytes = 512});
    record_.source = Text(Field::kSource, {.required = true, .min_bytes = 1, .max_bytes = 1024});
    record_.type = Text(Field::kType, {.required = true, .min_bytes = 1, .max_bytes = 512});
    record_.occurred_at = Time();
    MediaType();
    record_.subject = OptionalText(Field::kSubject, {.max_bytes = 1024});
  }

  void Data() {
    if (!Object(Field::kData, true)) return;
    Actor();
    record_.action = Text(Field::kAction, {.required = true, .max_bytes = 256});
    record_.outcome = OneOf(Field::kOutcome, true, kOutcomes);
    record_.reason = OptionalText(Field::kReason, kOptionalText);
    Resource();
  }

 private:
  void Actor() {
    if (!Object(Field::kActor, true)) return;
    record_.actor_type = OneOf(Field::kActorType, false, kActorTypes);
    if (record_.actor_type.empty()) record_.actor_type = "user";
    record_.actor_id = Text(Field::kActorId, {.required = true, .max_bytes = 512});
    Text(Field::kActorName, kOptionalText);
    Text(Field::kActorIp, kOptionalText);
    Text(Field::kActorSessionId, kOptionalText);
    Roles();
  }

  void Resource() {
    if (!Object(Field::kResource, false)) return;
    record_.resource_type = Text(Field::kResourceType, {.required = true, .max_bytes = 256});
    record_.resource_id = OptionalText(Field::kResourceId, {.max_bytes = 1024});
  }

  // True: there, and an object.
  bool Object(Field field, bool required) {
    const JsonToken* const token = event_.Find(field);
    if (token == nullptr) {
      if (required) Missing(field, "an object");
      return false;
    }
    if (token->type != JsonType::kObject) return WrongType(field, "an object", token->type), false;
    return true;
  }

  std::optional<std::string_view> OptionalText(Field field, const TextRule& rule) {
    const JsonToken* const token = event_.Find(field);
    if (token == nullptr) {
      if (rule.required) Missing(field, Allowed(rule));
      return std::nullopt;
    }
    if (token->type != JsonType::kString) return WrongType(field, Allowed(rule), token->type), std::nullopt;
    const std::string_view text = TextOf(*token, memory_);
    if (text.size() < rule.min_bytes || text.size() > rule.max_bytes) {
      Add(field, "must be " + Allowed(rule) + ", but has " + std::to_string(text.size()));
      return std::nullopt;
    }
    return text;
  }
  std::string_view Text(Field field, const TextRule& rule) {
    return OptionalText(field, rule).value_or(std::string_view());
  }

  // Empty where the field is absent or something else.
  std::string_view OneOf(Field field, bool required, std::span<const std::string_view> allowed) {
    const JsonToken* const token = event_.Find(field);
    if (token == nullptr) {
      if (required) Missing(field, Listed(allowed));
      return {};
    }
    if (token->type != JsonType::kString) return WrongType(field, Listed(allowed), token->type), std::string_view();
    const std::string_view text = TextOf(*token, memory_);
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
    Add(field, "must be " + Listed(allowed));
    return {};
  }

  time::UnixMicros Time() {
    const std::optional<std::string_view> text = OptionalText(Field::kTime, {.required = window_ == nullptr});
    if (!text) return window_ != nullptr ? window_->now : time::UnixMicros{};
    const std::optional<time::UnixMicros> when = time::ParseRfc3339(*text);
    if (!when) {
      Add(Field::kTime, R"(must be an RFC 3339 time with an offset, such as "2026-04-23T10:00:00Z")");
      return {};
    }
    if (window_ != nullptr && *when > window_->latest) {
      Add(Field::kTime, "lies too far ahead: the latest accepted now is " + time::FormatMicros(window_->latest));
    } else if (window_ != nullptr && *when < window_->earliest) {
      Add(Field::kTime,
          "is older than what is kept: the earliest accepted now is " + time::FormatMicros(window_->earliest));
    }
    return *when;
  }

  void MediaType() {
    const std::optional<std::string_view> text = OptionalText(Field::kDatacontenttype, kOptionalText);
    if (text && !IsJsonMediaType(*text)) {
      Add(Field::kDatacontenttype, R"(must be a JSON media type, such as "application/json", or absent)");
    }
  }

  // The scanner has been over the array, so reading it again meets no error.
  void Roles() {
    constexpr std::string_view kAllowed = "an array of strings";
    const JsonToken* const token = event_.Find(Field::kActorRoles);
    if (token == nullptr) return;
    if (token->type != JsonType::kArray) return WrongType(Field::kActorRoles, kAllowed, token->type);
    JsonCursor cursor(token->text);
    cursor.Pass();
    for (std::size_t i = 0; cursor.NextElement(i == 0) == JsonCursor::Step::kItem; ++i) {
      JsonToken role;
      cursor.ReadValue(0, &role);
      if (role.type == JsonType::kString) continue;
      violations_.Add(Refusal::kInvalid,
                      std::string(PathOf(Field::kActorRoles)).append("[").append(std::to_string(i)).append("]"),
                      std::string("must be a string, but is ").append(NameOf(role.type)));
    }
  }

  void Missing(Field field, std::string_view allowed) {
    Add(field, std::string("is missing: it must be ").append(allowed));
  }
  void WrongType(Field field, std::string_view allowed, JsonType type) {
    Add(field, std::string("must be ").append(allowed).append(", but is ").append(NameOf(type)));
  }
  void Add(Field field, std::string message) { violations_.Add(Refusal::kInvalid, PathOf(field), std::move(message)); }

  const ScannedEvent& event_;
  const TimeWindow* window_;
  std::pmr::memory_resource& memory_;
  Violations& violations_;
  Record& record_;
};

}  // namespace

void CheckRules(const ScannedEvent& event, const TimeWindow* window, std::pmr::memory_resource& memory,
                Violations* violations, Record* record) {
  *record = {};
  RuleCheck check(event, window, memory, *violations, *record);
  check.Envelope();
  check.Data();
}

std::optional<std::string_view> TraceIdOf(const ScannedEvent& event, std::pmr::memory_resource& memory) {
  const JsonToken* const token = event.Find(Field::kTraceparent);
  if (token == nullptr || token->type != JsonType::kString) return std::nullopt;
  const std::optional<TraceId> trace_id = ParseTraceparent(TextOf(*token, memory));
  if (!trace_id) return std::nullopt;
  auto* const out = static_cast<char*>(memory.allocate(trace_id->size(), 1));
  std::copy(trace_id->begin(), trace_id->end(), out);
  return std::string_view(out, trace_id->size());
}

}  // namespace audit::event
