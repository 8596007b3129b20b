// `details`, the rest of `data` (contract, section 3): how it is written, and when two are the same.
// Which members belong in it is decided in event_scanner.cc.
#pragma once

#include <optional>
#include <string_view>

namespace audit::event {

// Writes compact JSON, the tokens as they came.
class DetailsWriter {
 public:
  // `out` has room for the whole event: what is written is a part of it.
  explicit DetailsWriter(char* out) : begin_(out), out_(out) { *out_++ = '{'; }

  // `key` and `value` are tokens; `compact`: the value has no white space between its tokens.
  void Add(std::string_view key, std::string_view value, bool compact);

  // Members added between the two go into an object of that key, which is left out if there are none.
  void Open(std::string_view key);
  void Close();

  // Ends the object. nullopt: nothing was left.
  [[nodiscard]] std::optional<std::string_view> Finish();

 private:
  void PutKey(std::string_view key);
  void Put(std::string_view bytes);

  char* begin_;
  char* out_;
  char* opened_ = nullptr;
};

// True when two details are the same JSON value: white space, the order of keys and the spelling of
// strings (`\u0041` or `A`) and of numbers (`1.50` or `15e-1`) make no difference. Of keys that occur twice
// the last counts. All as PostgreSQL compares jsonb; why: docs/decisions/0010-numbers-are-the-same-by-value.md.
// Equal bytes are compared at once, without parsing. Anything that is not JSON is the same only as equal bytes.
[[nodiscard]] bool SameDetails(std::string_view a, std::string_view b);

}  // namespace audit::event
