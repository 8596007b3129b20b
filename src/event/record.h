// The 15 columns of one audit event, less ingested_at, which the store sets (contract, section 3).
#pragma once

#include <optional>
#include <string_view>

#include "time/unix_micros.h"

namespace audit::event {

// All views: into the parsed bytes or into the Parser that made it, valid until that Parser's next
// call. Nothing in it is longer than section 2 allows, and nothing holds U+0000 or invalid UTF-8.
struct Record {
  std::string_view id;
  time::UnixMicros occurred_at;
  std::string_view source;
  std::string_view type;
  std::optional<std::string_view> subject;
  std::string_view actor_type;
  std::string_view actor_id;
  std::optional<std::string_view> resource_type;
  std::optional<std::string_view> resource_id;
  std::string_view action;
  std::string_view outcome;
  std::optional<std::string_view> reason;
  std::optional<std::string_view> trace_id;  // 32 lower-case hex digits
  std::optional<std::string_view> details;   // compact JSON object, tokens as they came in

  // Of the ordering (contract, section 4).
  [[nodiscard]] std::string_view key() const { return subject.value_or("").empty() ? actor_id : *subject; }
};

}  // namespace audit::event
