// Bytes in, a validated event out (contract, sections 2 and 3). Pure: no I/O, no clock of its own.
//
// Two callers: api/ admits what arrives over HTTP (all rules, id and time filled in), pipeline/
// reads back what was accepted or what others wrote to the topic (all rules but those that depend
// on when one looks: the skew into the future and the retention window).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/record.h"
#include "time/unix_micros.h"

namespace audit::event {

// Readable bytes that must follow every input given to a Parser; their content does not matter.
inline constexpr std::size_t kPadding = 64;

inline constexpr std::size_t kMaxViolations = 20;
inline constexpr std::size_t kMaxDepth = 64;  // objects and arrays within one another, the event itself counted

// Moving bounds on `time`, worked out by the caller at receipt.
struct TimeWindow {
  time::UnixMicros now;       // stands in for an absent `time`
  time::UnixMicros earliest;  // inclusive
  time::UnixMicros latest;    // inclusive
};

struct Limits {
  std::size_t max_event_bytes = 900'000;
  std::size_t max_batch_events = 500;
};

// Each value is one line of the error catalogue; the HTTP status is chosen in api/. Where several
// apply, one is given: kNotJson, else kTooManyEvents, else kEventTooLarge, else kInvalid. Too many
// events, or nesting too deep, ends the reading: what follows is not looked at.
enum class Refusal : std::uint8_t {
  kNotJson,        // AUD-001: not JSON, not UTF-8, not the shape asked for, a malformed ce- header
  kInvalid,        // AUD-002: a rule of section 2 is broken; also a batch of no events, or one of something else
  kTooManyEvents,  // AUD-007
  kEventTooLarge,  // AUD-008
};

struct Violation {
  std::string path;     // "data.outcome", "events[3].data.actor.id"; empty where none applies
  std::string message;  // says what is wrong and what is allowed; never repeats a value that may name a person
};

// One admitted event, ready for the log.
struct Admitted {
  std::string_view id;    // as it came, or the UUIDv7 made for it
  std::string_view key;   // the ordering key: subject, else data.actor.id
  std::string_view json;  // structured CloudEvents JSON; the caller's bytes where id, time and specversion were there
};

// Not thread-safe; make one a thread and keep it: it owns the scratch memory its views point into.
class Parser {
 public:
  // `random` makes the UUIDv7 of an event without an id: it returns 64 random bits a call.
  Parser(Limits limits, std::function<std::uint64_t()> random);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  enum class Shape : std::uint8_t {
    kEvent,         // one event object
    kEventsObject,  // {"events": [...]}
    kEventsArray,   // [...]
  };

  // Validates `body` as `shape`. True: admitted() holds the events in order, all of them. False:
  // refusal() and violations() say why, up to kMaxViolations of them, and admitted() is empty.
  // An absent `id`, `time` or `specversion` (or a null) is filled in; `max_event_bytes` counts the
  // event with them. Of {"events": [...]} other members are passed over. `body` must be followed by kPadding readable
  // bytes and outlive the views in admitted(). `traceparent` is that of the request: each event without one of
  // its own gets it, unless it is malformed.
  bool Admit(Shape shape, std::string_view body, const TimeWindow& window, std::string_view traceparent = {});

  // The same for binary content mode: `attributes` are the decoded ce- headers without the
  // prefix, in order, `data` the body (section 1). "datacontenttype" is the Content-Type. A malformed
  // name, `data` as a name or a name given twice is kNotJson; a body of nothing but white space is an
  // event without `data`. `data` needs no padding; nothing admitted points into what is given.
  struct Attribute {
    std::string_view name;
    std::string_view value;
  };
  bool AdmitBinary(std::span<const Attribute> attributes, std::string_view data, const TimeWindow& window,
                   std::string_view traceparent = {});

  [[nodiscard]] std::span<const Admitted> admitted() const;
  [[nodiscard]] Refusal refusal() const;
  [[nodiscard]] std::span<const Violation> violations() const;

  // Reads one stored event back. Both `id` and `time` must be there: they were filled in on the way in,
  // and made anew at each reading they would make each a different event. False as above; `record` then
  // holds `id` and `source`, for the log, where they could be read. `json` must be followed by kPadding
  // bytes and outlive the views in `record`.
  bool Read(std::string_view json, Record* record);

  // The same for an event that lies in the log in binary content mode. `data` needs no padding; nothing in
  // `record` points into what is given.
  bool ReadBinary(std::span<const Attribute> attributes, std::string_view data, Record* record);

 private:
  bool ReadChecked(std::string_view json, Record* record);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::event
