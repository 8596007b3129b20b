#include "cli/event_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace audit::cli {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::string_view kTooLong = "longer than any event may be";
constexpr std::string_view kCutOff = "the input ends within it";

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Follows one JSON value by its brackets and strings, byte by byte, as far as needed to find its end.
class ValueEnd {
 public:
  // True when `c` is the last byte of the value.
  bool IsLast(char c) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        return depth_ == 0;
      }
      return false;
    }
    switch (c) {
      case '"': in_string_ = true; return false;
      case '{':
      case '[': ++depth_; return false;
      case '}':
      case ']':
        if (depth_ > 0) --depth_;
        return depth_ == 0;
      default: return false;
    }
  }

  // True when `c` does not belong to the value any more: only numbers and names end like that.
  [[nodiscard]] bool EndsBefore(char c) const {
    return depth_ == 0 && !in_string_ &&
           (c == ',' || c == ']' || c == '}' || kBlanks.find(c) != std::string_view::npos);
  }

 private:
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

bool IsWhole(std::string_view value) {
  ValueEnd end;
  for (const char c : value) {
    if (end.IsLast(c)) return true;
  }
  return false;
}

}  // namespace

std::string Describe(const Place& place) {
  const std::string line = "line " + std::to_string(place.line);
  return place.index ? "element " + std::to_string(*place.index) + " (" + line + ")" : line;
}

EventSplitter::EventSplitter(Read read, InputFormat format, std::size_t max_event_bytes)
    : read_(std::move(read)), max_event_bytes_(max_event_bytes), format_(format) {}

Result<bool> EventSplitter::Next(InputEvent* event) {
  if (!decided_) {
    if (Result<void> decided = DecideFormat(); !decided.ok()) return std::move(decided).error();
    decided_ = true;
  }
  *event = {};
  switch (format_) {
    case InputFormat::kArray: return NextElement(event);
    case InputFormat::kValues: return NextValue(event);
    default: return NextLine(event);
  }
}

Result<EventSplitter::Fill> EventSplitter::ReadMore() {
  if (at_end_) return Fill::kEnd;
  buffer_.erase(0, std::exchange(cursor_, 0));
  const std::size_t held = buffer_.size();
  buffer_.resize(held + kReadBytes);
  Result<std::size_t> got = read_({buffer_.data() + held, kReadBytes});
  buffer_.resize(held + (got.ok() ? *got : 0));
  if (!got.ok()) return std::move(got).error();
  at_end_ = *got == 0;
  return at_end_ ? Fill::kEnd : Fill::kMore;
}

Result<void> EventSplitter::DecideFormat() {
  const auto more = [this]() -> Result<bool> {
    Result<Fill> fill = ReadMore();
    if (!fill.ok()) return std::move(fill).error();
    return *fill == Fill::kMore;
  };
  while (buffer_.size() < kByteOrderMark.size()) {
    Result<bool> got = more();
    if (!got.ok()) return std::move(got).error();
    if (!*got) break;
  }
  if (buffer_.starts_with(kByteOrderMark)) cursor_ = kByteOrderMark.size();
  if (format_ != InputFormat::kAuto) return {};

  Result<bool> any = SkipBlanks();
  if (!any.ok()) return std::move(any).error();
  if (!*any || buffer_[cursor_] != '{') {
    format_ = *any && buffer_[cursor_] == '[' ? InputFormat::kArray : InputFormat::kNdjson;
    return {};
  }
  // An object whose first line is not the whole of it goes on over lines, unless the next line is
  // the beginning of another: then the first line is a broken one.
  for (;;) {
    const std::string_view text = std::string_view(buffer_).substr(cursor_);
    const std::size_t newline = text.find('\n');
    const std::size_t next = newline == std::string_view::npos ? newline : text.find_first_not_of(kBlanks, newline + 1);
    if (next != std::string_view::npos || at_end_ || text.size() > max_event_bytes_) {
      const bool goes_on = newline != std::string_view::npos && !IsWhole(text.substr(0, newline)) &&
                           next != std::string_view::npos && text[next] != '{';
      format_ = goes_on ? InputFormat::kValues : InputFormat::kNdjson;
      return {};
    }
    if (Result<bool> got = more(); !got.ok()) return std::move(got).error();
  }
}

Result<bool> EventSplitter::NextLine(InputEvent* event) {
  std::size_t searched = 0;  // bytes behind the cursor without a line feed
  bool too_long = false;
  for (;;) {
    const std::string_view text = std::string_view(buffer_).substr(cursor_);
    const std::size_t newline = text.find('\n', searched);
    if (newline == std::string_view::npos && !at_end_) {
      searched = text.size();
      if (searched > max_event_bytes_) {
        too_long = true;
        cursor_ = buffer_.size();
        searched = 0;
      }
      if (Result<Fill> fill = ReadMore(); !fill.ok()) return std::move(fill).error();
      continue;
    }
    const std::string_view line = Trim(text.substr(0, newline));
    const bool last = newline == std::string_view::npos;
    cursor_ += last ? text.size() : newline + 1;
    event->place.line = line_;
    if (!last) ++line_;
    if (too_long || line.size() > max_event_bytes_) {
      event->problem = kTooLong;
      return true;
    }
    if (!line.empty()) {
      event->json = line;
      return true;
    }
    if (last) return false;
    searched = 0;
  }
}

Result<bool> EventSplitter::SkipBlanks() {
  for (;;) {
    for (; cursor_ < buffer_.size(); ++cursor_) {
      const char c = buffer_[cursor_];
      if (kBlanks.find(c) == std::string_view::npos) return true;
      if (c == '\n') ++line_;
    }
    Result<Fill> fill = ReadMore();
    if (!fill.ok()) return std::move(fill).error();
    if (*fill == Fill::kEnd) return false;
  }
}

Error EventSplitter::Malformed(std::string_view what) const {
  return {ErrorCode::kCorrupt, "the array is malformed: line " + std::to_string(line_) + ": " + std::string(what) +
                                   ": nothing behind it was read"};
}

Result<bool> EventSplitter::NextElement(InputEvent* event) {
  // What stands between the elements: the bracket or comma that was not dealt with yet.
  Result<bool> any = SkipBlanks();
  if (!any.ok()) return any;
  if (array_ == ArrayPart::kBehind) {
    if (*any) return Malformed("there is something behind the closing bracket");
    return false;
  }
  if (!*any) {
    return Malformed(array_ == ArrayPart::kBefore ? "no bracket opens it"
                                                  : "the input ends before the closing bracket");
  }
  const char c = buffer_[cursor_];
  if (array_ == ArrayPart::kBefore) {
    if (c != '[') return Malformed("no bracket opens it");
    array_ = ArrayPart::kInside;
    ++cursor_;
  } else if (c == ',' && elements_ > 0) {
    ++cursor_;
  } else if (c != ']') {
    return Malformed("a comma or the closing bracket is missing behind element " + std::to_string(elements_ - 1));
  }
  any = SkipBlanks();
  if (!any.ok()) return any;
  if (!*any) return Malformed("the input ends before the closing bracket");
  if (buffer_[cursor_] == ']' && (c != ',' || elements_ == 0)) {
    ++cursor_;
    array_ = ArrayPart::kBehind;
    return NextElement(event);
  }
  if (buffer_[cursor_] == ']' || buffer_[cursor_] == ',') return Malformed("an element is missing beside a comma");
  event->place.index = elements_++;
  if (Result<void> taken = TakeValue(event); !taken.ok()) return std::move(taken).error();
  if (event->problem == kCutOff) array_ = ArrayPart::kBehind;  // said once is enough
  return true;
}

Result<bool> EventSplitter::NextValue(InputEvent* event) {
  Result<bool> any = SkipBlanks();
  if (!any.ok() || !*any) return any;
  if (Result<void> taken = TakeValue(event); !taken.ok()) return std::move(taken).error();
  return true;
}

Result<void> EventSplitter::TakeValue(InputEvent* event) {
  event->place.line = line_;
  ValueEnd end;
  std::size_t size = 0;  // of the value, so far
  for (;;) {
    for (; cursor_ + size < buffer_.size(); ++size) {
      const char c = buffer_[cursor_ + size];
      const bool ended = size > 0 && end.EndsBefore(c);
      if (!ended && c == '\n') ++line_;
      if (!ended && !end.IsLast(c)) continue;
      if (!ended) ++size;
      if (event->problem.empty()) event->json = std::string_view(buffer_).substr(cursor_, size);
      if (size > max_event_bytes_) *event = {.place = event->place, .json = {}, .problem = kTooLong};
      cursor_ += size;
      return {};
    }
    if (size > max_event_bytes_) {
      event->problem = kTooLong;
      cursor_ += std::exchange(size, 1) - 1;  // what was followed is not needed any more
    }
    Result<Fill> fill = ReadMore();
    if (!fill.ok()) return std::move(fill).error();
    if (*fill == Fill::kEnd) {
      const bool scalar = end.EndsBefore('\n');
      if (scalar && event->problem.empty()) {
        event->json = std::string_view(buffer_).substr(cursor_, size);
      } else {
        event->problem = kCutOff;
      }
      cursor_ = buffer_.size();
      return {};
    }
  }
}

}  // namespace audit::cli
