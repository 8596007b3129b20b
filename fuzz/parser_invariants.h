// What must hold of the event parser whatever it was given; shared by its fuzz targets.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "event/key_reader.h"
#include "event/parser.h"

namespace audit::event {

#define FUZZ_REQUIRE(condition)                                                    \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

// A copy that ends exactly where the promised padding ends.
class PaddedCopy {
 public:
  explicit PaddedCopy(std::string_view text) : bytes_(text.size() + kPadding, '}'), size_(text.size()) {
    std::copy(text.begin(), text.end(), bytes_.begin());
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  std::size_t size_;
};

// The oracle refuses numbers beyond a double or 64 bits, which the contract allows.
inline bool IsJson(std::string_view json) {
  simdjson::dom::parser oracle;
  const simdjson::error_code error = oracle.parse(json.data(), json.size()).error();
  return error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR;
}

inline void CheckRefusal(const Parser& parser) {
  FUZZ_REQUIRE(parser.admitted().empty());
  FUZZ_REQUIRE(!parser.violations().empty());
  FUZZ_REQUIRE(parser.violations().size() <= kMaxViolations);
  for (const Violation& violation : parser.violations()) {
    FUZZ_REQUIRE(!violation.message.empty());
    FUZZ_REQUIRE(violation.path.size() <= 256);
    FUZZ_REQUIRE(simdjson::validate_utf8(violation.path) && simdjson::validate_utf8(violation.message));
  }
}

inline void CheckRecord(const Record& record) {
  FUZZ_REQUIRE(!record.id.empty() && record.id.size() <= 512);
  FUZZ_REQUIRE(!record.source.empty() && record.source.size() <= 1024);
  FUZZ_REQUIRE(!record.type.empty() && record.type.size() <= 512);
  FUZZ_REQUIRE(record.actor_id.size() <= 512 && record.action.size() <= 256);
  FUZZ_REQUIRE(record.id.find('\0') == std::string_view::npos && simdjson::validate_utf8(record.id));
  FUZZ_REQUIRE(record.actor_id.find('\0') == std::string_view::npos && simdjson::validate_utf8(record.actor_id));
  if (record.details) FUZZ_REQUIRE(record.details->size() > 2 && IsJson(*record.details));
}

// After a call of `admitting` that returned `ok`: all events were admitted and can be read back by
// `reading`, or none and it says why.
inline void CheckAdmission(bool ok, const Parser& admitting, const Limits& limits, Parser& reading) {
  if (!ok) return CheckRefusal(admitting);
  FUZZ_REQUIRE(admitting.violations().empty());
  FUZZ_REQUIRE(!admitting.admitted().empty() && admitting.admitted().size() <= limits.max_batch_events);
  for (const Admitted& admitted : admitting.admitted()) {
    FUZZ_REQUIRE(admitted.json.size() <= limits.max_event_bytes);
    FUZZ_REQUIRE(IsJson(admitted.json));
    const PaddedCopy stored(admitted.json);
    Record record;
    FUZZ_REQUIRE(reading.Read(stored.text(), &record));
    FUZZ_REQUIRE(record.id == admitted.id);
    FUZZ_REQUIRE(admitted.key == record.key());
    KeyReader keys;
    FUZZ_REQUIRE(keys.Read(stored.text()) == admitted.key);
    CheckRecord(record);
  }
}

}  // namespace audit::event
