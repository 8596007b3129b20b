#include "api/answers.h"

#include "api/service.h"

namespace audit::api {
namespace {

http::Response Json(int status, std::string_view body) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = body;
  return response;
}

// A queue that is full empties within milliseconds; longer would only make a burst of callers idle.
constexpr std::string_view kRetryAfterSeconds = "1";

}  // namespace

Answers::Answers(Service& service)
    : service_(service), envelope_(service.options().service_id, service.options().api_version) {}

void Answers::Success(http::Exchange& exchange, Route route, int status, std::string_view response,
                      time::UnixMicros now) {
  Send(exchange, route, Json(status, envelope_.Success(response, now)));
}

void Answers::Refuse(http::Exchange& exchange, Route route, const Problem& problem,
                     std::span<const event::Violation> violations) {
  exchange.Respond(Refusal(route, problem, violations));
}

void Answers::Send(http::Exchange& exchange, Route route, const http::Response& response) {
  service_.request_metrics().Answered(route, response.status);
  exchange.Respond(response);
}

http::Response Answers::Fault(const Problem& problem) { return Refusal(Route::kOther, problem, {}); }

http::Response Answers::Refusal(Route route, const Problem& problem, std::span<const event::Violation> violations) {
  http::Response response = Json(problem.status, envelope_.Refusal(problem, violations, service_.clock().Now()));
  if (problem.status == 503) headers_[0] = {"Retry-After", kRetryAfterSeconds};
  if (problem.status == 405) headers_[0] = {"Allow", Allow(route)};
  if (problem.status == 503 || problem.status == 405) response.headers = headers_;
  service_.request_metrics().Answered(problem.status == 405 ? Route::kOther : route, problem.status);
  service_.request_metrics().Refused(problem.code);
  return response;
}

}  // namespace audit::api
