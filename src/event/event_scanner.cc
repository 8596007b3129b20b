#include "event/event_scanner.h"

#include <algorithm>

#include "event/json_text.h"

namespace audit::event {
namespace {

std::string_view Describe(Fault fault) {
  switch (fault) {
    case Fault::kNul: return "holds the character U+0000, which cannot be stored";
    case Fault::kLoneSurrogate: return "holds half of a surrogate pair, which is no character";
    case Fault::kNumber:
      return "holds a number that cannot be stored: at most 131072 digits before the decimal point and 16383 after it";
  }
  return "cannot be stored";
}

std::optional<Field> FindEscapedField(Scope scope, std::string_view inner) {
  constexpr std::size_t kLongestKey = 15;  // datacontenttype
  std::array<char, kLongestKey * kMaxEscapeBytes> key;
  if (inner.size() > key.size()) return std::nullopt;
  return FindField(scope, {key.data(), Unescape(inner, key.data())});
}

// The scope of a field whose own members are named.
std::optional<Scope> ScopeOf(std::optional<Field> field) {
  if (!field) return std::nullopt;
  switch (*field) {
    case Field::kData: return Scope::kData;
    case Field::kActor: return Scope::kActor;
    case Field::kResource: return Scope::kResource;
    default: return std::nullopt;
  }
}

// null, "", [] and {}.
bool SaysNothing(const JsonToken& value) {
  switch (value.type) {
    case JsonType::kNull: return true;
    case JsonType::kString: return value.text.size() == 2;
    case JsonType::kArray:
    case JsonType::kObject: return value.text.find_first_not_of(" \t\r\n", 1) == value.text.size() - 1;
    default: return false;
  }
}

// " (byte 17)"; empty for a place before the origin, in text the caller did not write.
std::string Place(const char* origin, const char* place) {
  if (place < origin) return {};
  return " (byte " + std::to_string(place - origin) + ")";
}

class EventScanner {
 public:
  EventScanner(JsonCursor& cursor, const char* origin, DetailsWriter* details, ScannedEvent* event,
               Violations* violations)
      : cursor_(cursor), origin_(origin), details_(details), event_(*event), violations_(*violations) {}

  // False: the cursor met an error; nesting too deep is reported, a syntax error is left to the caller.
  bool Scan();

 private:
  bool ScanObject(Scope scope, unsigned depth);
  bool ScanMember(Scope scope, unsigned depth, const JsonToken& key);
  bool ScanValue(Scope scope, std::optional<Field> field, unsigned depth, const JsonToken& key, JsonToken* value);
  bool ReadWhole(Scope scope, std::optional<Field> field, unsigned depth, const JsonToken& key, JsonToken* value);
  void AddToDetails(Scope scope, std::optional<Field> field, const JsonToken& key, const JsonToken& value,
                    bool compact);
  void ReportFaults(std::string_view path);
  [[nodiscard]] static std::string MemberPath(Scope scope, std::optional<Field> field, const JsonToken& key);

  JsonCursor& cursor_;
  const char* origin_;
  DetailsWriter* details_;
  ScannedEvent& event_;
  Violations& violations_;
};

bool EventScanner::Scan() {
  const char* const begin = cursor_.at();
  event_.present = 0;
  if (!ScanObject(Scope::kEvent, 0)) return false;
  event_.text = {begin, static_cast<std::size_t>(cursor_.at() - begin)};
  return true;
}

// At '{', with `depth` objects open around it: at most three, so this recursion is bounded.
bool EventScanner::ScanObject(Scope scope, unsigned depth) {
  cursor_.Pass();
  JsonToken key;
  for (bool first = true;; first = false) {
    switch (cursor_.NextMember(first, &key)) {
      case JsonCursor::Step::kEnd: return true;
      case JsonCursor::Step::kError: return false;
      case JsonCursor::Step::kItem: break;
    }
    if (!ScanMember(scope, depth + 1, key)) return false;
  }
}

bool EventScanner::ScanMember(Scope scope, unsigned depth, const JsonToken& key) {
  std::optional<Field> field = key.escaped ? FindEscapedField(scope, key.inner()) : FindField(scope, key.inner());
  if (cursor_.has_faults()) [[unlikely]]
    ReportFaults(PathOf(scope));
  if (field) {
    if ((event_.present & ScannedEvent::BitOf(*field)) != 0) [[unlikely]] {
      violations_.Add(Refusal::kInvalid, PathOf(*field), "occurs more than once");
      JsonToken repeated;
      return ReadWhole(scope, field, depth, key, &repeated);
    }
    event_.present |= ScannedEvent::BitOf(*field);
  }

  cursor_.Peek();
  const std::size_t spaces = cursor_.spaces();
  JsonToken value;
  if (!ScanValue(scope, field, depth, key, &value)) return false;
  if (field) event_.tokens[static_cast<std::size_t>(*field)] = value;
  if (cursor_.has_faults()) [[unlikely]]
    ReportFaults(MemberPath(scope, field, key));
  if (details_ != nullptr) AddToDetails(scope, field, key, value, cursor_.spaces() == spaces);
  return true;
}

bool EventScanner::ScanValue(Scope scope, std::optional<Field> field, unsigned depth, const JsonToken& key,
                             JsonToken* value) {
  const std::optional<Scope> inner = ScopeOf(field);
  if (!inner || cursor_.Peek() != '{') return ReadWhole(scope, field, depth, key, value);
  const char* const begin = cursor_.at();
  const bool in_details = details_ != nullptr && *inner != Scope::kData;
  if (in_details) details_->Open(key.text);
  if (!ScanObject(*inner, depth)) return false;
  if (in_details) details_->Close();
  *value = {JsonType::kObject, false, {begin, static_cast<std::size_t>(cursor_.at() - begin)}};
  return true;
}

bool EventScanner::ReadWhole(Scope scope, std::optional<Field> field, unsigned depth, const JsonToken& key,
                             JsonToken* value) {
  if (cursor_.ReadValue(depth, value)) return true;
  if (cursor_.too_deep()) {
    violations_.Add(Refusal::kInvalid, MemberPath(scope, field, key), TooDeepMessage(cursor_, origin_));
  }
  return false;
}

void EventScanner::AddToDetails(Scope scope, std::optional<Field> field, const JsonToken& key, const JsonToken& value,
                                bool compact) {
  switch (scope) {
    case Scope::kEvent: return;
    case Scope::kData:
      // The named ones are columns, or written by Open and Close.
      if (field || value.type == JsonType::kNull) return;
      break;
    case Scope::kActor:
      if (field == Field::kActorType || field == Field::kActorId || SaysNothing(value)) return;
      break;
    case Scope::kResource:
      if (field == Field::kResourceType || field == Field::kResourceId || SaysNothing(value)) return;
      break;
  }
  details_->Add(key.text, value.text, compact);
}

void EventScanner::ReportFaults(std::string_view path) {
  const Faults faults = cursor_.TakeFaults();
  for (std::size_t kind = 0; kind < faults.size(); ++kind) {
    if (faults[kind] == nullptr) continue;
    violations_.Add(Refusal::kInvalid, path,
                    std::string(Describe(static_cast<Fault>(kind))) + Place(origin_, faults[kind]));
  }
}

// Keys that the contract does not name are the caller's: one that could not stand in a path, or is
// long enough to be content, is left out.
std::string EventScanner::MemberPath(Scope scope, std::optional<Field> field, const JsonToken& key) {
  constexpr std::size_t kLongestShown = 64;
  if (field) return std::string(PathOf(*field));
  const std::string_view name = key.inner();
  const bool plain = !name.empty() && name.size() <= kLongestShown && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-';
  });
  return plain ? std::string(PrefixOf(scope)).append(name) : std::string(PathOf(scope));
}

}  // namespace

std::string TooDeepMessage(const JsonCursor& cursor, const char* origin) {
  return "is nested deeper than " + std::to_string(kMaxDepth) + " levels" + Place(origin, cursor.at());
}

bool ReportSyntax(const JsonCursor& cursor, const char* origin, Violations* violations) {
  if (cursor.error() == nullptr) return false;
  violations->SetEvent(std::nullopt);
  violations->Add(Refusal::kNotJson, "", std::string("not JSON: ") + cursor.error() + Place(origin, cursor.at()));
  return false;
}

bool ReadEnd(JsonCursor& cursor, const char* origin, Violations* violations) {
  if (cursor.AtEnd()) return true;
  cursor.Fail("something follows the value");
  return ReportSyntax(cursor, origin, violations);
}

bool ScanEvent(JsonCursor& cursor, const char* origin, DetailsWriter* details, ScannedEvent* event,
               Violations* violations) {
  EventScanner scanner(cursor, origin, details, event, violations);
  return scanner.Scan() || ReportSyntax(cursor, origin, violations);
}

}  // namespace audit::event
