#include "event/details.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "event/json_cursor.h"
#include "event/json_text.h"

namespace audit::event {
namespace {

// Leaves out the white space between tokens. Returns the end of what was written.
char* CopyCompact(std::string_view json, char* out) {
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && static_cast<unsigned char>(c) <= ' ') {
      continue;
    } else if (c == '\\') {
      *out++ = c;
      ++i;
    }
    *out++ = json[i];
  }
  return out;
}

// One spelling for all texts of a value: no white space, keys in order and each once, strings unescaped
// behind their length, numbers by Number. Recursive, so only for texts known to be nested at most kMaxDepth deep.
class Canonical {
 public:
  explicit Canonical(std::string_view json) : cursor_(json) {}

  std::string Value() {
    switch (cursor_.Peek()) {
      case '{': return Object();
      case '[': return Array();
      default: break;
    }
    JsonToken token;
    cursor_.ReadValue(0, &token);
    switch (token.type) {
      case JsonType::kString: return Text(token);
      case JsonType::kNumber: return Number(token.text);
      default: return std::string(token.text);
    }
  }

 private:
  // Its digits without zeros at either end, and the power of ten of the last one.
  static std::string Number(std::string_view text) {
    int exponent = 0;
    const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
    if (mantissa.size() < text.size()) {
      std::string_view power = text.substr(mantissa.size() + 1);
      if (power.front() == '+') power.remove_prefix(1);
      // One so large is in no event that was accepted (numeric.h).
      if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec != std::errc()) {
        return std::string(text);
      }
    }
    std::int64_t last = exponent;
    std::string digits;
    bool after_point = false;
    for (const char c : mantissa) {
      if (c == '.') {
        after_point = true;
      } else if (c != '-' && (c != '0' || !digits.empty())) {
        digits.push_back(c);
      }
      if (c != '.' && after_point) --last;
    }
    for (; !digits.empty() && digits.back() == '0'; ++last) digits.pop_back();
    if (digits.empty()) return "0";
    return (mantissa.front() == '-' ? "-" : "") + digits + 'e' + std::to_string(last);
  }

  static std::string Text(const JsonToken& token) {
    std::string text(token.inner());
    if (token.escaped) text.resize(Unescape(token.inner(), text.data()));
    return '"' + std::to_string(text.size()) + ':' + text;
  }

  std::string Array() {
    std::string all = "[";
    cursor_.Pass();
    for (bool first = true; cursor_.NextElement(first) == JsonCursor::Step::kItem; first = false) {
      all.append(Value()).push_back(',');
    }
    return all + ']';
  }

  std::string Object() {
    std::map<std::string, std::string> members;
    cursor_.Pass();
    JsonToken key;
    for (bool first = true; cursor_.NextMember(first, &key) == JsonCursor::Step::kItem; first = false) {
      std::string name = Text(key);
      members.insert_or_assign(std::move(name), Value());
    }
    std::string all = "{";
    for (const auto& [name, value] : members) all.append(name).append(1, ':').append(value).push_back(',');
    return all + '}';
  }

  JsonCursor cursor_;
};

bool IsJson(std::string_view json) {
  JsonCursor cursor(json);
  JsonToken token;
  return cursor.ReadValue(0, &token) && cursor.AtEnd();
}

std::string WithPadding(std::string_view json) {
  std::string padded(json);
  return padded.append(kPadding, '\0');
}

}  // namespace

void DetailsWriter::Add(std::string_view key, std::string_view value, bool compact) {
  PutKey(key);
  if (compact) {
    Put(value);
  } else {
    out_ = CopyCompact(value, out_);
  }
}

void DetailsWriter::Open(std::string_view key) {
  opened_ = out_;
  PutKey(key);
  *out_++ = '{';
}

void DetailsWriter::Close() {
  if (out_[-1] == '{') {
    out_ = opened_;
  } else {
    *out_++ = '}';
  }
}

std::optional<std::string_view> DetailsWriter::Finish() {
  if (out_ == begin_ + 1) return std::nullopt;
  *out_++ = '}';
  return std::string_view(begin_, static_cast<std::size_t>(out_ - begin_));
}

// No token ends in '{', so the last byte tells whether an object was just opened.
void DetailsWriter::PutKey(std::string_view key) {
  if (out_[-1] != '{') *out_++ = ',';
  Put(key);
  *out_++ = ':';
}

void DetailsWriter::Put(std::string_view bytes) {
  std::memcpy(out_, bytes.data(), bytes.size());
  out_ += bytes.size();
}

bool SameDetails(std::string_view a, std::string_view b) {
  if (a == b) [[likely]]
    return true;
  const std::string padded_a = WithPadding(a);
  const std::string padded_b = WithPadding(b);
  const auto json_a = std::string_view(padded_a).substr(0, a.size());
  const auto json_b = std::string_view(padded_b).substr(0, b.size());
  return IsJson(json_a) && IsJson(json_b) && Canonical(json_a).Value() == Canonical(json_b).Value();
}

}  // namespace audit::event
