// Every answer of one I/O thread: the envelope, the headers that belong to a status, and the count
// of it.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "api/envelope.h"
#include "api/error_catalogue.h"
#include "api/routes.h"
#include "event/parser.h"
#include "http/handler.h"
#include "time/unix_micros.h"

namespace audit::api {

class Service;

class Answers {
 public:
  explicit Answers(Service& service);

  // `response` (JSON) in the envelope.
  void Success(http::Exchange& exchange, Route route, int status, std::string_view response, time::UnixMicros now);
  void Refuse(http::Exchange& exchange, Route route, const Problem& problem,
              std::span<const event::Violation> violations = {});
  // Anything else that was found: pages, files, metrics.
  void Send(http::Exchange& exchange, Route route, const http::Response& response);

  // A refusal by the server itself. The views stay until the next call of any member.
  http::Response Fault(const Problem& problem);

 private:
  http::Response Refusal(Route route, const Problem& problem, std::span<const event::Violation> violations);

  Service& service_;
  Envelope envelope_;
  std::array<http::Header, 1> headers_;
};

}  // namespace audit::api
