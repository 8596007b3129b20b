// ce- headers and the body of a binary-mode event. The input is lines "name:value", an empty line, and
// the body; values are decoded as the API does.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "event/binary_mode.h"
#include "event/parser.h"
#include "parser_invariants.h"

using namespace audit;
using namespace audit::event;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::uint64_t counter = 0;
  static const Limits limits{.max_event_bytes = 2'000, .max_batch_events = 8};
  static Parser parser(limits, [] { return ++counter; });
  static Parser reader(limits, [] { return ++counter; });
  // 2019-05-01 to 2026-04-24.
  static const TimeWindow window{{1'776'938'400'000'000}, {1'556'668'800'000'000}, {1'777'024'800'000'000}};

  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<Parser::Attribute> attributes;
  std::deque<std::string> values;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return 0;
    std::optional<std::string> value = DecodeHeaderValue(line.substr(colon + 1));
    if (!value) return 0;
    FUZZ_REQUIRE(value->size() <= line.size() && simdjson::validate_utf8(*value));
    values.push_back(*std::move(value));
    attributes.push_back({line.substr(0, colon), values.back()});
  }
  const std::vector<char> body(rest.begin(), rest.end());
  const bool ok = parser.AdmitBinary(attributes, {body.data(), body.size()}, window);
  CheckAdmission(ok, parser, limits, reader);
  if (!ok) return 0;
  for (const Parser::Attribute& attribute : attributes) FUZZ_REQUIRE(IsAttributeName(attribute.name));
  FUZZ_REQUIRE(parser.admitted().size() == 1);
  FUZZ_REQUIRE(parser.admitted()[0].json.ends_with(std::string(rest) + "}"));
  return 0;
}
