// The fields that section 2 of the contract names, and how a key finds its field.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace audit::event {

// The objects whose members are named.
enum class Scope : std::uint8_t { kEvent, kData, kActor, kResource };

enum class Field : std::uint8_t {
  kSpecversion,
  kId,
  kSource,
  kType,
  kTime,
  kDatacontenttype,
  kSubject,
  kTraceparent,
  kData,
  kActor,
  kActorType,
  kActorId,
  kActorName,
  kActorIp,
  kActorSessionId,
  kActorRoles,
  kAction,
  kOutcome,
  kReason,
  kResource,
  kResourceType,
  kResourceId,
};
inline constexpr std::size_t kFieldCount = 22;

// "data.actor.id", as errors name it.
[[nodiscard]] std::string_view PathOf(Field field);
// "data.actor", or empty for the event itself.
[[nodiscard]] std::string_view PathOf(Scope scope);
// "data.actor.", what the paths of its members begin with.
[[nodiscard]] std::string_view PrefixOf(Scope scope);

// The field of that key, escapes undone. nullopt: a member the contract does not name.
[[nodiscard]] std::optional<Field> FindField(Scope scope, std::string_view key);

}  // namespace audit::event
