// The response envelope (contract, section 1): the shape of every JSON response.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/error_catalogue.h"
#include "event/parser.h"
#include "time/unix_micros.h"

namespace audit::api {

// One thread's builder. What it returns is a view into it, valid until its next call.
class Envelope {
 public:
  Envelope(std::string_view service_id, std::string_view api_version);

  // `response` is JSON.
  std::string_view Success(std::string_view response, time::UnixMicros now);
  // An entry for each of `violations`; without any, one that says `problem.message`.
  std::string_view Refusal(const Problem& problem, std::span<const event::Violation> violations, time::UnixMicros now);

 private:
  void Begin(time::UnixMicros now);

  std::string head_;                   // up to the response time, the same for every answer
  std::int64_t rendered_millis_ = -1;  // what responsetime_ says: many answers share one
  std::string responsetime_;
  std::string body_;
};

}  // namespace audit::api
