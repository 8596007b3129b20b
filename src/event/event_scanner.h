// One pass over the bytes of one event: finds the named fields, checks everything else as JSON and as
// storable text, and writes `details` on the way. What the fields may hold is rules.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "event/details.h"
#include "event/fields.h"
#include "event/json_cursor.h"
#include "event/violations.h"

namespace audit::event {

struct ScannedEvent {
  std::string_view text;  // from brace to brace

  // The value of a field; null where it is absent or an explicit null, which means the same.
  [[nodiscard]] const JsonToken* Find(Field field) const {
    const JsonToken* const token = FindEvenNull(field);
    return token != nullptr && token->type != JsonType::kNull ? token : nullptr;
  }
  [[nodiscard]] const JsonToken* FindEvenNull(Field field) const {
    return (present & BitOf(field)) != 0 ? &tokens[static_cast<std::size_t>(field)] : nullptr;
  }
  static constexpr std::uint32_t BitOf(Field field) { return std::uint32_t{1} << static_cast<unsigned>(field); }

  std::uint32_t present = 0;                  // one bit a field
  std::array<JsonToken, kFieldCount> tokens;  // those of present fields hold something
};
static_assert(kFieldCount <= 32, "one bit a field");

// Scans the event object that the cursor is at; its closing brace is passed. `origin`: where byte 0 of
// the caller's text is, for messages. `details` may be null. False: the text is not JSON, or nested too
// deep, and `violations` says so; the cursor cannot go on. True says nothing about the rules.
bool ScanEvent(JsonCursor& cursor, const char* origin, DetailsWriter* details, ScannedEvent* event,
               Violations* violations);

// True: nothing but white space is left. False: reported as not JSON.
bool ReadEnd(JsonCursor& cursor, const char* origin, Violations* violations);

// Adds the cursor's error, if it has one. Returns false.
bool ReportSyntax(const JsonCursor& cursor, const char* origin, Violations* violations);

// What to say where the cursor went too deep.
[[nodiscard]] std::string TooDeepMessage(const JsonCursor& cursor, const char* origin);

}  // namespace audit::event
