#include "event/json_cursor.h"

#include "event/numeric.h"

namespace audit::event {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHighSurrogate(unsigned code) { return (code & 0xfc00U) == 0xd800U; }
bool IsLowSurrogate(unsigned code) { return (code & 0xfc00U) == 0xdc00U; }

}  // namespace

char JsonCursor::PeekPastSpace() {
  const char* const begin = at_;
  while (at_ < end_ && IsSpace(*at_)) ++at_;
  spaces_ += static_cast<std::size_t>(at_ - begin);
  return at_ < end_ ? *at_ : '\0';
}

// At something other than the closing quote.
bool JsonCursor::ReadRestOfString(const char* begin, JsonToken* token) {
  for (;;) {
    if (at_ >= end_) {
      at_ = end_;
      return Fail("the text ends within a string");
    }
    if (*at_ == '"') break;
    if (*at_ != '\\') return Fail("a control character in a string must be escaped");
    token->escaped = true;
    if (!ReadEscape()) return false;
    at_ = FindSpecial(at_);
  }
  ++at_;
  token->text = {begin, static_cast<std::size_t>(at_ - begin)};
  return true;
}

// At the backslash. Both halves of a surrogate pair are passed together.
bool JsonCursor::ReadEscape() {
  constexpr std::string_view kSimple = R"("\/bfnrt)";
  if (end_ - at_ < 2) {
    at_ = end_;
    return Fail("the text ends within a string");
  }
  if (at_[1] != 'u') {
    if (kSimple.find(at_[1]) == std::string_view::npos) return Fail("no such escape in a string");
    at_ += 2;
    return true;
  }
  unsigned code = 0;
  if (!ReadHex(at_ + 2, &code)) return Fail("\\u needs four hex digits");
  if (IsHighSurrogate(code)) {
    unsigned low = 0;
    if (end_ - at_ >= 12 && at_[6] == '\\' && at_[7] == 'u' && ReadHex(at_ + 8, &low) && IsLowSurrogate(low)) {
      at_ += 12;
      return true;
    }
    Note(Fault::kLoneSurrogate, at_);
  } else if (IsLowSurrogate(code)) {
    Note(Fault::kLoneSurrogate, at_);
  } else if (code == 0) {
    Note(Fault::kNul, at_);
  }
  at_ += 6;
  return true;
}

bool JsonCursor::ReadHex(const char* at, unsigned* code) const {
  if (end_ - at < 4) return false;
  unsigned value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      value = value * 16 + static_cast<unsigned>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<unsigned>(lower - 'a') + 10;
    } else {
      return false;
    }
  }
  *code = value;
  return true;
}

bool JsonCursor::ReadScalar(JsonToken* token) {
  const auto literal = [&](std::string_view word, JsonType type) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return Fail("expected a value");
    }
    *token = {type, false, {at_, word.size()}};
    at_ += word.size();
    return true;
  };
  switch (Peek()) {
    case 't': return literal("true", JsonType::kBool);
    case 'f': return literal("false", JsonType::kBool);
    case 'n': return literal("null", JsonType::kNull);
    default: return ReadNumber(token);
  }
}

// What may follow a number or a literal is checked by whoever reads on.
bool JsonCursor::ReadNumber(JsonToken* token) {
  const char* const begin = at_;
  const auto digits = [&] {
    const char* const first = at_;
    while (at_ < end_ && IsDigit(*at_)) ++at_;
    return std::string_view(first, static_cast<std::size_t>(at_ - first));
  };
  const auto at = [&](char c) { return at_ < end_ && *at_ == c; };

  NumberParts parts;
  if (at('-')) ++at_;
  parts.integer = digits();
  if (parts.integer.empty()) return Fail(at_ == end_ ? "the text ends too early" : "expected a value");
  if (parts.integer.size() > 1 && parts.integer.front() == '0') {
    at_ = parts.integer.data();
    return Fail("a number must not begin with 0");
  }
  if (at('.')) {
    ++at_;
    parts.fraction = digits();
    if (parts.fraction.empty()) return Fail("expected a digit after the decimal point");
  }
  if (at('e') || at('E')) {
    ++at_;
    if (at('-') || at('+')) parts.exponent_negative = *at_++ == '-';
    parts.exponent = digits();
    if (parts.exponent.empty()) return Fail("expected a digit in the exponent");
  }
  if (!FitsNumeric(parts)) Note(Fault::kNumber, begin);
  *token = {JsonType::kNumber, false, {begin, static_cast<std::size_t>(at_ - begin)}};
  return true;
}

// No recursion: which of the open levels are objects is one bit each.
bool JsonCursor::ReadContainer(unsigned depth, JsonToken* token) {
  static_assert(kMaxDepth <= 64, "one bit a level");
  const char* const begin = at_;
  const JsonType type = *at_ == '{' ? JsonType::kObject : JsonType::kArray;
  std::uint64_t objects = 0;
  unsigned open = 0;
  bool first = false;
  do {
    const char c = Peek();
    bool entered = false;
    if (c == '{' || c == '[') {
      if (TooDeep(depth + open)) return false;
      Pass();
      objects = (objects << 1) | (c == '{' ? 1U : 0U);
      ++open;
      entered = true;
    } else if (JsonToken scalar; !(c == '"' ? ReadString(&scalar) : ReadScalar(&scalar))) {
      return false;
    }
    first = entered;
    for (;;) {
      JsonToken key;
      const Step step = (objects & 1U) != 0 ? NextMember(first, &key) : NextElement(first);
      if (step == Step::kError) return false;
      if (step == Step::kItem) break;
      objects >>= 1;
      first = false;
      if (--open == 0) break;
    }
  } while (open > 0);
  *token = {type, false, {begin, static_cast<std::size_t>(at_ - begin)}};
  return true;
}

void JsonCursor::Note(Fault fault, const char* where) {
  const char*& first = faults_[static_cast<std::size_t>(fault)];
  if (first == nullptr) first = where;
  has_faults_ = true;
}

}  // namespace audit::event
