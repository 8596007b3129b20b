// A stream of bytes cut into the events that lie in it, one at a time, whatever its length: NDJSON,
// a JSON array, or JSON values one after another. Finds where an event begins and ends; whether it
// is a good one is for event::Parser to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "errors/result.h"

namespace audit::cli {

enum class InputFormat : std::uint8_t {
  kAuto,    // by its beginning: "[" is an array, an object that goes on for lines is kValues, else NDJSON
  kNdjson,  // one event a line; blank lines are passed over
  kArray,
  kValues,  // objects with nothing but white space between them, over as many lines as they like
};

// Where in the input an event begins.
struct Place {
  std::uint64_t line = 0;              // from 1
  std::optional<std::uint64_t> index;  // in an array, from 0
};
[[nodiscard]] std::string Describe(const Place& place);  // "line 12", "element 3 (line 17)"

struct InputEvent {
  Place place;
  std::string_view json;     // trimmed; until the next call of Next
  std::string_view problem;  // not empty: it cannot be an event, and `json` is empty
};

class EventSplitter {
 public:
  // Fills the beginning of `into` and says how much; 0 at the end of the input.
  using Read = std::function<Result<std::size_t>(std::span<char> into)>;

  // An event longer than `max_event_bytes` is passed over and given as a problem: it bounds memory.
  EventSplitter(Read read, InputFormat format, std::size_t max_event_bytes);

  // False: there is no more. An error: reading failed, or an array is not put together like one, so
  // that nothing behind that place can be found; it names the place.
  Result<bool> Next(InputEvent* event);

 private:
  enum class Fill : std::uint8_t { kMore, kEnd };

  Result<Fill> ReadMore();
  Result<void> DecideFormat();
  Result<bool> NextLine(InputEvent* event);
  Result<bool> NextElement(InputEvent* event);
  Result<bool> NextValue(InputEvent* event);
  // Passes over white space. False: the input ends here.
  Result<bool> SkipBlanks();
  // The value that begins at the cursor. Leaves the cursor behind it.
  Result<void> TakeValue(InputEvent* event);
  [[nodiscard]] Error Malformed(std::string_view what) const;

  const Read read_;
  const std::size_t max_event_bytes_;
  InputFormat format_;
  bool decided_ = false;
  std::string buffer_;
  std::size_t cursor_ = 0;  // what lies before it in the buffer was given out or passed over
  bool at_end_ = false;     // of the input; there may be more in the buffer
  std::uint64_t line_ = 1;  // at the cursor
  std::uint64_t elements_ = 0;
  enum class ArrayPart : std::uint8_t { kBefore, kInside, kBehind } array_ = ArrayPart::kBefore;
};

}  // namespace audit::cli
