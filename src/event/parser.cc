#include "event/parser.h"

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <memory_resource>
#include <utility>

#include "event/admission.h"
#include "event/binary_event.h"
#include "event/details.h"
#include "event/event_scanner.h"
#include "event/json_cursor.h"
#include "event/rules.h"
#include "event/trace_context.h"
#include "event/violations.h"

namespace audit::event {

struct Parser::State {
  State(Limits limits_given, std::function<std::uint64_t()> random_given)
      : limits(limits_given), random(std::move(random_given)) {}

  // Forgets the last input, and gives back what memory only a large one needed.
  void Reset() {
    memory.release();
    violations.Clear();
    admitted.clear();
    if (composed.capacity() > kKeptBytes) composed = {};
  }

  bool CheckUtf8(std::string_view text) {
    if (simdjson::validate_utf8(text.data(), text.size())) [[likely]]
      return true;
    violations.Add(Refusal::kNotJson, "", "not JSON: the text is not valid UTF-8");
    return false;
  }

  static constexpr std::size_t kKeptBytes = std::size_t{256} << 10;
  static constexpr std::size_t kInlineBytes = std::size_t{32} << 10;  // enough for what 40 typical events need

  Limits limits;
  std::function<std::uint64_t()> random;
  alignas(std::max_align_t) std::array<std::byte, kInlineBytes> inline_memory;
  std::pmr::monotonic_buffer_resource memory{inline_memory.data(), inline_memory.size()};
  Violations violations;
  std::vector<Admitted> admitted;
  ScannedEvent scanned;
  std::string composed;  // structured JSON made of a binary-mode event
};

Parser::Parser(Limits limits, std::function<std::uint64_t()> random)
    : state_(std::make_unique<State>(limits, std::move(random))) {}
Parser::~Parser() = default;

std::span<const Admitted> Parser::admitted() const { return state_->admitted; }
Refusal Parser::refusal() const { return state_->violations.refusal(); }
std::span<const Violation> Parser::violations() const { return state_->violations.list(); }

bool Parser::Admit(Shape shape, std::string_view body, const TimeWindow& window, std::string_view traceparent) {
  State& state = *state_;
  state.Reset();
  if (!state.CheckUtf8(body)) return false;
  Admission admission({state.limits, window, state.random, state.memory, KnownPartOf(traceparent)}, body, body.data(),
                      &state.scanned, &state.violations, &state.admitted);
  return admission.Admit(shape);
}

bool Parser::AdmitBinary(std::span<const Attribute> attributes, std::string_view data, const TimeWindow& window,
                         std::string_view traceparent) {
  State& state = *state_;
  state.Reset();
  if (!state.CheckUtf8(data)) return false;
  if (!CheckAttributes(attributes, &state.violations)) return false;
  const std::string_view embedded = Compose(attributes, data, &state.composed);
  const std::string_view text = std::string_view(state.composed).substr(0, state.composed.size() - kPadding);
  const char* const origin = embedded.empty() ? text.data() + text.size() : embedded.data();
  Admission admission({state.limits, window, state.random, state.memory, KnownPartOf(traceparent)}, text, origin,
                      &state.scanned, &state.violations, &state.admitted);
  return admission.AdmitAround(embedded);
}

bool Parser::Read(std::string_view json, Record* record) {
  State& state = *state_;
  state.Reset();
  *record = {};
  return state.CheckUtf8(json) && ReadChecked(json, record);
}

bool Parser::ReadBinary(std::span<const Attribute> attributes, std::string_view data, Record* record) {
  State& state = *state_;
  state.Reset();
  *record = {};
  if (!CheckAttributes(attributes, &state.violations)) return false;
  const std::string_view embedded = Compose(attributes, data, &state.composed);
  const std::string_view text = std::string_view(state.composed).substr(0, state.composed.size() - kPadding);
  if (!state.CheckUtf8(text)) return false;
  // On its own first: text that is only JSON together with what stands around it could add attributes.
  if (!embedded.empty()) {
    JsonCursor cursor(embedded);
    JsonToken value;
    if (!cursor.ReadValue(1, &value) || !cursor.AtEnd()) {
      state.violations.Add(Refusal::kNotJson, "data", "must be one JSON value");
      return false;
    }
  }
  return ReadChecked(text, record);
}

// What is valid UTF-8.
bool Parser::ReadChecked(std::string_view json, Record* record) {
  State& state = *state_;
  JsonCursor cursor(json);
  DetailsWriter details(static_cast<char*>(state.memory.allocate(json.size() + 1, 1)));
  if (cursor.Peek() != '{') {
    state.violations.Add(Refusal::kNotJson, "", "expected one event, a JSON object");
    return false;
  }
  if (!ScanEvent(cursor, json.data(), &details, &state.scanned, &state.violations)) return false;
  if (!ReadEnd(cursor, json.data(), &state.violations)) return false;
  CheckRules(state.scanned, nullptr, state.memory, &state.violations, record);
  if (!state.violations.empty()) return false;
  record->trace_id = TraceIdOf(state.scanned, state.memory);
  record->details = details.Finish();
  return true;
}

}  // namespace audit::event
