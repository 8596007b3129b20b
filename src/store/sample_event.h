// Events that own their text, for the tests of the stores.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/record.h"
#include "time/rfc3339.h"

namespace audit::store {

// A test with a time that is none fails by what this throws.
inline time::UnixMicros At(std::string_view text) { return time::ParseRfc3339(text).value(); }

struct SampleEvent {
  std::string id = "e-1";
  time::UnixMicros occurred_at = At("2026-11-24T10:00:00Z");
  std::string source = "/registry";
  std::string type = "org.example.login";
  std::optional<std::string> subject;
  std::string actor_type = "user";
  std::string actor_id = "u-1";
  std::optional<std::string> resource_type;
  std::optional<std::string> resource_id;
  std::string action = "login";
  std::string outcome = "success";
  std::optional<std::string> reason;
  std::optional<std::string> trace_id;
  std::optional<std::string> details;

  [[nodiscard]] event::Record record() const {
    return {.id = id,
            .occurred_at = occurred_at,
            .source = source,
            .type = type,
            .subject = subject,
            .actor_type = actor_type,
            .actor_id = actor_id,
            .resource_type = resource_type,
            .resource_id = resource_id,
            .action = action,
            .outcome = outcome,
            .reason = reason,
            .trace_id = trace_id,
            .details = details};
  }
};

inline SampleEvent Numbered(int number, std::string_view time = "2026-11-24T10:00:00Z") {
  SampleEvent event;
  event.id = "e-" + std::to_string(number);
  event.occurred_at = {At(time).value + number};
  return event;
}

inline std::vector<SampleEvent> NumberedEvents(int first, int count) {
  std::vector<SampleEvent> events;
  for (int i = first; i < first + count; ++i) events.push_back(Numbered(i));
  return events;
}

}  // namespace audit::store
