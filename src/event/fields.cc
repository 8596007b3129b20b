#include "event/fields.h"

namespace audit::event {
namespace {

constexpr std::array<std::string_view, kFieldCount> kPaths = {
    "specversion",
    "id",
    "source",
    "type",
    "time",
    "datacontenttype",
    "subject",
    "traceparent",
    "data",
    "data.actor",
    "data.actor.type",
    "data.actor.id",
    "data.actor.name",
    "data.actor.ip",
    "data.actor.session_id",
    "data.actor.roles",
    "data.action",
    "data.outcome",
    "data.reason",
    "data.resource",
    "data.resource.type",
    "data.resource.id",
};

constexpr std::array<std::string_view, 4> kPrefixes = {"", "data.", "data.actor.", "data.resource."};

constexpr std::optional<Field> If(bool match, Field field) { return match ? std::optional(field) : std::nullopt; }

// A switch on the length leaves one or two candidates. A loop over the table of paths instead makes a
// tenth of the time that a typical event takes as a whole (0.91 for 0.82 us, parser_bench.cc).
std::optional<Field> FindInEvent(std::string_view key) {
  switch (key.size()) {
    case 2: return If(key == "id", Field::kId);
    case 4:
      if (key == "type") return Field::kType;
      if (key == "time") return Field::kTime;
      return If(key == "data", Field::kData);
    case 6: return If(key == "source", Field::kSource);
    case 7: return If(key == "subject", Field::kSubject);
    case 11:
      if (key == "specversion") return Field::kSpecversion;
      return If(key == "traceparent", Field::kTraceparent);
    case 15: return If(key == "datacontenttype", Field::kDatacontenttype);
    default: return std::nullopt;
  }
}

std::optional<Field> FindInData(std::string_view key) {
  switch (key.size()) {
    case 5: return If(key == "actor", Field::kActor);
    case 6:
      if (key == "action") return Field::kAction;
      return If(key == "reason", Field::kReason);
    case 7: return If(key == "outcome", Field::kOutcome);
    case 8: return If(key == "resource", Field::kResource);
    default: return std::nullopt;
  }
}

std::optional<Field> FindInActor(std::string_view key) {
  switch (key.size()) {
    case 2:
      if (key == "id") return Field::kActorId;
      return If(key == "ip", Field::kActorIp);
    case 4:
      if (key == "type") return Field::kActorType;
      return If(key == "name", Field::kActorName);
    case 5: return If(key == "roles", Field::kActorRoles);
    case 10: return If(key == "session_id", Field::kActorSessionId);
    default: return std::nullopt;
  }
}

std::optional<Field> FindInResource(std::string_view key) {
  switch (key.size()) {
    case 2: return If(key == "id", Field::kResourceId);
    case 4: return If(key == "type", Field::kResourceType);
    default: return std::nullopt;
  }
}

}  // namespace

std::string_view PathOf(Field field) { return kPaths[static_cast<std::size_t>(field)]; }
std::string_view PathOf(Scope scope) {
  const std::string_view prefix = PrefixOf(scope);
  return prefix.empty() ? prefix : prefix.substr(0, prefix.size() - 1);
}
std::string_view PrefixOf(Scope scope) { return kPrefixes[static_cast<std::size_t>(scope)]; }

std::optional<Field> FindField(Scope scope, std::string_view key) {
  switch (scope) {
    case Scope::kEvent: return FindInEvent(key);
    case Scope::kData: return FindInData(key);
    case Scope::kActor: return FindInActor(key);
    case Scope::kResource: return FindInResource(key);
  }
  return std::nullopt;
}

}  // namespace audit::event
