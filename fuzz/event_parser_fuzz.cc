// The event parser in every shape. The first byte chooses it, the rest is the body.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "event/details.h"
#include "event/key_reader.h"
#include "event/parser.h"
#include "parser_invariants.h"

using namespace audit;
using namespace audit::event;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static std::uint64_t counter = 0;
  static const Limits limits{.max_event_bytes = 2'000, .max_batch_events = 8};
  static Parser parser(limits, [] { return ++counter; });
  static Parser reader(limits, [] { return ++counter; });
  // 2019-05-01 to 2026-04-24.
  static const TimeWindow window{{1'776'938'400'000'000}, {1'556'668'800'000'000}, {1'777'024'800'000'000}};

  const PaddedCopy body(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  switch (data[0] % 4) {
    case 0: CheckAdmission(parser.Admit(Parser::Shape::kEvent, body.text(), window), parser, limits, reader); break;
    case 1:
      CheckAdmission(parser.Admit(Parser::Shape::kEventsObject, body.text(), window), parser, limits, reader);
      break;
    case 2:
      CheckAdmission(parser.Admit(Parser::Shape::kEventsArray, body.text(), window), parser, limits, reader);
      break;
    default: {
      Record record;
      KeyReader keys;  // also of what is refused
      (void)keys.Read(body.text());
      if (!reader.Read(body.text(), &record)) {
        CheckRefusal(reader);
        break;
      }
      CheckRecord(record);
      if (record.details) FUZZ_REQUIRE(SameDetails(*record.details, " " + std::string(*record.details)));
    }
  }
  return 0;
}
