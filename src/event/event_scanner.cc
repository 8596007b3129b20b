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
std::optional<Scope> ScopeOf(Field field) {
  switch (field) {
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
  struct Member {
    Scope scope;
    std::optional<Field> field;  // nullopt: the contract does not name it
    JsonToken key;
  };

  bool ScanObject(Scope scope, unsigned depth);
  bool ScanMember(const Member& member, unsigned depth);
  bool ScanNamedObject(const Member& member, Scope inner, unsigned depth, JsonToken* value);
  bool ReadWhole(const Member& member, unsigned depth, JsonToken* value);
  void AddToDetails(const Member& member, const JsonToken& value, bool compact);
  void ReportFaults(std::string_view path);
  [[nodiscard]] static std::string PathOfMember(const Member& member);

  JsonCursor& cursor_;
  const char* origin_;
  DetailsWriter* details_;
  ScannedEvent& event_;
  Violations& violations_;
  JsonToken unnamed_;  // the value of a member that has no place in event_
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
  Member member{.scope = scope, .field = {}, .key = {}};
  for (bool first = true;; first = false) {
    const JsonCursor::Step step = cursor_.NextMember(first, &member.key);
    if (step != JsonCursor::Step::kItem) return step == JsonCursor::Step::kEnd;
    const std::string_view name = member.key.inner();
    member.field = member.key.escaped ? FindEscapedField(scope, name) : FindField(scope, name);
    if (cursor_.has_faults()) [[unlikely]]
      ReportFaults(PathOf(scope));
    if (!ScanMember(member, depth + 1)) return false;
  }
}

bool EventScanner::ScanMember(const Member& member, unsigned depth) {
  JsonToken* value = &unnamed_;
  std::optional<Scope> inner;
  if (member.field) {
    const std::uint32_t bit = ScannedEvent::BitOf(*member.field);
    if ((event_.present & bit) == 0) [[likely]] {
      event_.present |= bit;
      value = &event_.tokens[static_cast<std::size_t>(*member.field)];
      inner = ScopeOf(*member.field);
    } else {
      violations_.Add(Refusal::kInvalid, PathOf(*member.field), "occurs more than once");
    }
  }

  const char first = cursor_.Peek();
  const std::size_t spaces = cursor_.spaces();
  const bool ok =
      inner && first == '{' ? ScanNamedObject(member, *inner, depth, value) : ReadWhole(member, depth, value);
  if (!ok) return false;
  if (cursor_.has_faults()) [[unlikely]]
    ReportFaults(PathOfMember(member));
  if (details_ != nullptr) AddToDetails(member, *value, cursor_.spaces() == spaces);
  return true;
}

bool EventScanner::ScanNamedObject(const Member& member, Scope inner, unsigned depth, JsonToken* value) {
  const char* const begin = cursor_.at();
  const bool in_details = details_ != nullptr && inner != Scope::kData;
  if (in_details) details_->Open(member.key.text);
  if (!ScanObject(inner, depth)) return false;
  if (in_details) details_->Close();
  *value = {JsonType::kObject, false, {begin, static_cast<std::size_t>(cursor_.at() - begin)}};
  return true;
}

bool EventScanner::ReadWhole(const Member& member, unsigned depth, JsonToken* value) {
  if (cursor_.ReadValue(depth, value)) [[likely]]
    return true;
  if (cursor_.too_deep()) {
    violations_.Add(Refusal::kInvalid, PathOfMember(member), TooDeepMessage(cursor_, origin_));
  }
  return false;
}

void EventScanner::AddToDetails(const Member& member, const JsonToken& value, bool compact) {
  switch (member.scope) {
    case Scope::kEvent: return;
    case Scope::kData:
      // The named ones are columns, or written by Open and Close.
      if (member.field || value.type == JsonType::kNull) return;
      break;
    case Scope::kActor:
      if (member.field == Field::kActorType || member.field == Field::kActorId || SaysNothing(value)) return;
      break;
    case Scope::kResource:
      // The only named ones are type and id.
      if (member.field || SaysNothing(value)) return;
      break;
  }
  details_->Add(member.key.text, value.text, compact);
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
std::string EventScanner::PathOfMember(const Member& member) {
  constexpr std::size_t kLongestShown = 64;
  if (member.field) return std::string(PathOf(*member.field));
  const std::string_view name = member.key.inner();
  const bool plain = !name.empty() && name.size() <= kLongestShown && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-';
  });
  return plain ? std::string(PrefixOf(member.scope)).append(name) : std::string(PathOf(member.scope));
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
