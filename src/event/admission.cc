#include "event/admission.h"

#include <array>
#include <string>
#include <utility>

#include "event/completion.h"
#include "event/json_text.h"
#include "event/rules.h"

namespace audit::event {
namespace {

constexpr std::string_view kEvents = "events";

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool IsEvents(const JsonToken& key) {
  if (!key.escaped) return key.inner() == kEvents;
  std::array<char, kEvents.size() * kMaxEscapeBytes> text;
  if (key.inner().size() > text.size()) return false;
  return std::string_view(text.data(), Unescape(key.inner(), text.data())) == kEvents;
}

}  // namespace

bool Admission::Admit(Parser::Shape shape) { return Finish(ReadShape(shape)); }

bool Admission::AdmitAround(std::string_view embedded) {
  if (!ReadEvent()) return Finish(false);
  const JsonToken* const data = scanned_.FindEvenNull(Field::kData);
  const std::string_view wanted = TrimSpace(embedded);
  if (data != nullptr && (data->text.data() != wanted.data() || data->text.size() != wanted.size())) {
    return Finish(Refuse(Refusal::kNotJson, "", "not JSON: something follows the value"));
  }
  return Finish(true);
}

bool Admission::ReadShape(Parser::Shape shape) {
  switch (shape) {
    case Parser::Shape::kEvent:
      if (cursor_.Peek() != '{') return Refuse(Refusal::kNotJson, "", "expected one event, a JSON object");
      return ReadEvent();
    case Parser::Shape::kEventsObject:
      if (cursor_.Peek() != '{') return Refuse(Refusal::kNotJson, "", R"(expected an object, {"events": [...]})");
      return ReadEventsObject();
    case Parser::Shape::kEventsArray:
      if (cursor_.Peek() != '[') return Refuse(Refusal::kNotJson, "", "expected an array of events");
      return ReadEventsArray() && ReadEnd(cursor_, origin_, &violations_);
  }
  return false;
}

// At '{'.
bool Admission::ReadEvent() {
  if (!ScanEvent(cursor_, origin_, nullptr, &scanned_, &violations_)) return false;
  if (!ReadEnd(cursor_, origin_, &violations_)) return false;
  JudgeEvent();
  return true;
}

// At '{'. Members other than the events are passed over.
bool Admission::ReadEventsObject() {
  cursor_.Pass();
  bool found = false;
  JsonToken key;
  for (bool first = true;; first = false) {
    const JsonCursor::Step step = cursor_.NextMember(first, &key);
    if (step == JsonCursor::Step::kError) return ReportSyntax(cursor_, origin_, &violations_);
    if (step == JsonCursor::Step::kEnd) break;
    if (!IsEvents(key)) {
      if (!PassValue(1)) return false;
      continue;
    }
    if (found) return Refuse(Refusal::kInvalid, kEvents, "occurs more than once");
    if (cursor_.Peek() != '[') return Refuse(Refusal::kNotJson, kEvents, "must be an array of events");
    if (!ReadEventsArray()) return false;
    found = true;
  }
  if (!found) return Refuse(Refusal::kNotJson, kEvents, "is missing: it must be an array of events");
  return ReadEnd(cursor_, origin_, &violations_);
}

// At '['.
bool Admission::ReadEventsArray() {
  cursor_.Pass();
  for (std::size_t index = 0;; ++index) {
    const JsonCursor::Step step = cursor_.NextElement(index == 0);
    if (step == JsonCursor::Step::kError) return ReportSyntax(cursor_, origin_, &violations_);
    if (step == JsonCursor::Step::kEnd) {
      if (index > 0) return true;
      violations_.Add(Refusal::kInvalid, kEvents, "must hold at least one event");
      return true;
    }
    if (index == terms_.limits.max_batch_events) {
      return Refuse(Refusal::kTooManyEvents, kEvents, "must hold at most " + std::to_string(index) + " events");
    }
    violations_.SetEvent(index);
    const bool read = ReadElement();
    violations_.SetEvent(std::nullopt);
    if (!read) return false;
  }
}

bool Admission::ReadElement() {
  if (cursor_.Peek() != '{') {
    violations_.Add(Refusal::kInvalid, "", "must be an event, a JSON object");
    return PassValue(0);
  }
  if (!ScanEvent(cursor_, origin_, nullptr, &scanned_, &violations_)) return false;
  JudgeEvent();
  return true;
}

bool Admission::PassValue(unsigned depth) {
  JsonToken value;
  if (!cursor_.ReadValue(depth, &value)) {
    if (cursor_.too_deep()) violations_.Add(Refusal::kInvalid, "", TooDeepMessage(cursor_, origin_));
    return ReportSyntax(cursor_, origin_, &violations_);
  }
  cursor_.TakeFaults();  // what is not in an event is not stored
  return true;
}

// Nothing is made for an event of a request that is refused already.
void Admission::JudgeEvent() {
  if (!CheckSize(scanned_.text.size())) return;
  Record record;
  CheckRules(scanned_, &terms_.window, terms_.memory, &violations_, &record);
  if (!violations_.empty()) return;
  const std::string_view json =
      Complete(scanned_, {terms_.window.now, terms_.random, terms_.traceparent}, terms_.memory, &record);
  if (!CheckSize(json.size())) return;
  const bool has_subject = record.subject && !record.subject->empty();
  admitted_.push_back({record.id, has_subject ? *record.subject : record.actor_id, json});
}

bool Admission::CheckSize(std::size_t bytes) {
  if (bytes <= terms_.limits.max_event_bytes) [[likely]]
    return true;
  return Refuse(Refusal::kEventTooLarge, "",
                "has " + std::to_string(bytes) + " bytes: at most " + std::to_string(terms_.limits.max_event_bytes) +
                    " are allowed for one event");
}

bool Admission::Refuse(Refusal refusal, std::string_view path, std::string message) {
  violations_.Add(refusal, path, std::move(message));
  return false;
}

bool Admission::Finish(bool read) {
  if (read && violations_.empty()) [[likely]]
    return true;
  admitted_.clear();
  return false;
}

}  // namespace audit::event
