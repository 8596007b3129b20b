#include "cli/letter_event.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "env/clock.h"
#include "env/random.h"
#include "event/parser.h"
#include "pipeline/message_mode.h"

namespace audit::cli {

Result<std::string> EventOf(const dead_letters::DeadLetter& letter) {
  std::vector<event::Parser::Attribute> attributes;
  if (!pipeline::ReadBinaryMode(letter.headers, &attributes)) return std::string(letter.value);
  const std::unique_ptr<env::Random> random = env::NewSystemRandom();
  event::Parser parser({.max_event_bytes = SIZE_MAX, .max_batch_events = 1}, [&random] { return random->Next(); });
  // How old an event may be is for the service to say.
  using Micros = std::numeric_limits<std::int64_t>;
  const event::TimeWindow window{
      .now = env::SystemClock().Now(), .earliest = {Micros::min()}, .latest = {Micros::max()}};
  if (parser.AdmitBinary(attributes, letter.value, window)) return std::string(parser.admitted().front().json);
  const event::Violation& violation = parser.violations().front();
  return Error(ErrorCode::kInvalidArgument,
               violation.path.empty() ? violation.message : violation.path + ": " + violation.message);
}

}  // namespace audit::cli
