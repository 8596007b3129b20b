// For the tests of this room: a Parser with a fixed clock and countable randomness, and inputs that
// end where the promised padding ends.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "event/parser.h"
#include "time/rfc3339.h"

namespace audit::event {

inline void PrintTo(const Violation& violation, std::ostream* out) {
  *out << violation.path << ": " << violation.message;
}

class ParserFixture : public testing::Test {
 protected:
  static constexpr std::string_view kNow = "2026-04-23T10:00:00.123456Z";

  // Exactly kPadding bytes follow, and they would go on with a text that ends too early.
  std::string_view Padded(std::string_view text) {
    buffer_ = std::vector<char>(text.size() + kPadding, '}');
    std::copy(text.begin(), text.end(), buffer_.begin());
    return {buffer_.data(), text.size()};
  }

  bool Admit(std::string_view body, Parser::Shape shape = Parser::Shape::kEvent, std::string_view traceparent = {}) {
    return parser_.Admit(shape, Padded(body), window_, traceparent);
  }
  bool Read(std::string_view json) { return parser_.Read(Padded(json), &record_); }

  std::vector<Violation> Violations() const { return {parser_.violations().begin(), parser_.violations().end()}; }
  std::vector<std::string> Paths() const {
    std::vector<std::string> paths;
    for (const Violation& violation : parser_.violations()) paths.push_back(violation.path);
    return paths;
  }

  const TimeWindow window_{*time::ParseRfc3339(kNow), *time::ParseRfc3339("2019-05-01T00:00:00Z"),
                           *time::ParseRfc3339("2026-04-24T10:00:00.123456Z")};
  std::uint64_t randoms_ = 0;
  // Small enough to be passed by short inputs.
  Parser parser_{{.max_event_bytes = 4'000'000, .max_batch_events = 5}, [this] { return ++randoms_; }};
  Record record_;
  std::vector<char> buffer_;
};

MATCHER_P2(IsViolation, path, message, "") { return arg.path == path && arg.message == message; }

}  // namespace audit::event
