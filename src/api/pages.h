// Everything that is read with GET: health, version, configuration, metrics, OpenAPI and its page.
#pragma once

#include <string>
#include <string_view>

#include "api/answers.h"
#include "api/routes.h"
#include "http/handler.h"
#include "http/request.h"

namespace audit::api {

class Service;

class Pages {
 public:
  // Both outlive it.
  Pages(Service& service, Answers& answers);

  // Any route but the two that take events and kOther.
  void Answer(Route route, const http::Request& request, http::Exchange& exchange);

 private:
  void AnswerHealth(Route route, const Problem* problem, http::Exchange& exchange);
  void AnswerFile(Route route, std::string_view name, const http::Request& request, http::Exchange& exchange);
  void AnswerMetrics(Route route, http::Exchange& exchange);
  void Redirect(Route route, http::Exchange& exchange);

  Service& service_;
  Answers& answers_;
  const std::string version_;
  const std::string settings_;
};

}  // namespace audit::api
