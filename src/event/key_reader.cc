#include "event/key_reader.h"

#include <array>
#include <cstddef>
#include <optional>

#include "event/fields.h"
#include "event/json_cursor.h"
#include "event/json_text.h"

namespace audit::event {
namespace {

// `room` takes them where they have escapes.
std::string_view CharactersOf(const JsonToken& token, std::string* room) {
  const std::string_view inner = token.inner();
  if (!token.escaped) return inner;
  room->resize(inner.size());
  return {room->data(), Unescape(inner, room->data())};
}

}  // namespace

std::string_view KeyReader::Read(std::string_view json) {
  constexpr std::array<Field, 3> kWay{Field::kData, Field::kActor, Field::kActorId};
  JsonCursor cursor(json);
  if (cursor.Peek() != '{') return {};
  cursor.Pass();
  std::string_view actor_id;
  std::size_t open = 0;  // how much of the way lies around the cursor
  JsonToken token;
  for (bool first = true;;) {
    const JsonCursor::Step step = cursor.NextMember(first, &token);
    first = false;
    if (step == JsonCursor::Step::kError) return actor_id;
    if (step == JsonCursor::Step::kEnd) {
      if (open-- == 0) return actor_id;
      continue;
    }
    static constexpr std::array<Scope, 3> kScopes{Scope::kEvent, Scope::kData, Scope::kActor};
    const std::optional<Field> field = FindField(kScopes[open], CharactersOf(token, &name_));
    if (field == kWay[open] && field != Field::kActorId && cursor.Peek() == '{') {
      cursor.Pass();
      ++open;
      first = true;
      continue;
    }
    if (!cursor.ReadValue(static_cast<unsigned>(open) + 1, &token)) return actor_id;
    if (token.type != JsonType::kString) continue;
    if (field == Field::kActorId) {
      actor_id = CharactersOf(token, &actor_id_);
    } else if (field == Field::kSubject && token.text.size() > 2) {
      return CharactersOf(token, &subject_);
    }
  }
}

}  // namespace audit::event
