// A strict, one-pass reader of JSON text (RFC 8259). Knows JSON, not events. It goes over every
// byte once and checks all of the grammar, so nothing that is skipped goes unchecked; it keeps no
// index and allocates nothing.
//
// Two kinds of trouble. An error ends the reading: text that is not JSON, or nesting past kMaxDepth.
// A fault is noted and passed over: text that is JSON, but that PostgreSQL cannot hold (U+0000, half
// a surrogate pair, a number outside `numeric`); the owner of the value collects it with TakeFaults.
//
// UTF-8 is not checked here: callers validate the whole text first, at many bytes a cycle.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "event/parser.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace audit::event {

enum class JsonType : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

// One value as it stands in the text.
struct JsonToken {
  JsonType type = JsonType::kNull;
  bool escaped = false;   // a string with at least one backslash
  std::string_view text;  // all of it: with the quotes or brackets, without white space around it

  // A string's characters, escapes not yet undone.
  [[nodiscard]] std::string_view inner() const { return text.substr(1, text.size() - 2); }
};

enum class Fault : std::uint8_t { kNul, kLoneSurrogate, kNumber };
inline constexpr std::size_t kFaultKinds = 3;

// The first place of each kind of fault since the last TakeFaults; null: none.
using Faults = std::array<const char*, kFaultKinds>;

// `text` must be followed by kPadding readable bytes.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  enum class Step : std::uint8_t { kItem, kEnd, kError };

  // Passes white space; the byte that follows, '\0' at the end of the text.
  char Peek() {
    if (at_ < end_ && static_cast<unsigned char>(*at_) > ' ') [[likely]]
      return *at_;
    return PeekPastSpace();
  }
  bool AtEnd() { return Peek() == '\0' && at_ == end_; }
  // Where the next byte to be read is.
  [[nodiscard]] const char* at() const { return at_; }
  // Passes one structural byte that Peek has shown.
  void Pass() { ++at_; }

  // The next key of an object whose '{' is passed, its colon passed too; or the end of the object, '}' passed.
  Step NextMember(bool first, JsonToken* key) {
    char c = Peek();
    if (c == '}') return Pass(), Step::kEnd;
    if (!first) {
      if (c != ',') [[unlikely]]
        return Fail("expected ',' or '}'"), Step::kError;
      Pass();
      c = Peek();
    }
    if (c != '"') [[unlikely]]
      return Fail("expected a key in double quotes"), Step::kError;
    if (!ReadString(key)) [[unlikely]]
      return Step::kError;
    if (Peek() != ':') [[unlikely]]
      return Fail("expected ':' after a key"), Step::kError;
    Pass();
    return Step::kItem;
  }
  // The same for an array whose '[' is passed; an item is there to be read.
  Step NextElement(bool first) {
    const char c = Peek();
    if (c == ']') return Pass(), Step::kEnd;
    if (first) return Step::kItem;
    if (c != ',') [[unlikely]]
      return Fail("expected ',' or ']'"), Step::kError;
    Pass();
    return Step::kItem;
  }

  // The next value, whole. `depth`: how many objects and arrays are open around it. False: error.
  bool ReadValue(unsigned depth, JsonToken* token) {
    switch (Peek()) {
      case '"': return ReadString(token);
      case '{':
      case '[': return ReadContainer(depth, token);
      default: return ReadScalar(token);
    }
  }

  // True and noted: one more level inside `depth` open ones would be too deep.
  bool TooDeep(unsigned depth) {
    if (depth < kMaxDepth) [[likely]]
      return false;
    too_deep_ = true;
    return true;
  }

  // Ends the reading at the present place. Returns false.
  bool Fail(const char* what) {
    error_ = what;
    return false;
  }
  // Why the reading ended, for people; null when it has not, or when it went too deep. at() is the place.
  [[nodiscard]] const char* error() const { return error_; }
  [[nodiscard]] bool too_deep() const { return too_deep_; }

  // White space passed so far, in bytes: a value over which it does not grow is compact.
  [[nodiscard]] std::size_t spaces() const { return spaces_; }

  [[nodiscard]] bool has_faults() const { return has_faults_; }
  Faults TakeFaults() {
    const Faults faults = faults_;
    faults_ = {};
    has_faults_ = false;
    return faults;
  }

 private:
  char PeekPastSpace();
  // At the opening quote.
  bool ReadString(JsonToken* token) {
    const char* const begin = at_++;
    at_ = FindSpecial(at_);
    token->type = JsonType::kString;
    token->escaped = false;
    if (at_ >= end_ || *at_ != '"') [[unlikely]]
      return ReadRestOfString(begin, token);
    ++at_;
    token->text = {begin, static_cast<std::size_t>(at_ - begin)};
    return true;
  }
  bool ReadRestOfString(const char* begin, JsonToken* token);
  bool ReadEscape();
  bool ReadHex(const char* at, unsigned* code) const;
  bool ReadScalar(JsonToken* token);
  bool ReadNumber(JsonToken* token);
  bool ReadContainer(unsigned depth, JsonToken* token);
  void Note(Fault fault, const char* where);

  // The first quote, backslash or control character at or after `at`; anything from end_ on when there is none.
  // Looks at whole blocks, which is what the padding is for.
  [[nodiscard]] const char* FindSpecial(const char* at) const {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    for (; at < end_; at += 16) {
      __m128i block;
      std::memcpy(&block, at, sizeof block);
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
      const __m128i special =
          _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
      if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special)); mask != 0) {
        return at + std::countr_zero(mask);
      }
    }
#else
    while (at < end_ && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
#endif
    return at;
  }

  const char* at_;
  const char* end_;
  const char* error_ = nullptr;
  std::size_t spaces_ = 0;
  bool too_deep_ = false;
  bool has_faults_ = false;
  Faults faults_{};
};

}  // namespace audit::event
