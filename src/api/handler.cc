#include "api/handler.h"

#include <utility>

#include "api/error_catalogue.h"
#include "api/routes.h"
#include "api/service.h"

namespace audit::api {

Handler::Handler(Service& service, http::IoThread& thread)
    : answers_(service), ingest_(service, answers_, thread), pages_(service, answers_) {}

void Handler::OnRequest(const http::Request& request, http::Exchange exchange) {
  const Route route = FindRoute(request.path);
  if (route == Route::kOther) return answers_.Refuse(exchange, route, problems::kNoSuchPath);
  if (!Takes(route, request.method)) return answers_.Refuse(exchange, route, problems::kNoSuchMethod);
  if (request.method == http::Method::kPost) return ingest_.Take(route, request, std::move(exchange));
  pages_.Answer(route, request, exchange);
}

http::Response Handler::OnFault(http::Fault fault) { return answers_.Fault(ProblemOf(fault)); }

void Handler::OnRoundEnd() { ingest_.OnRoundEnd(); }

}  // namespace audit::api
