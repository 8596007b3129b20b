#include "api/pages.h"

#include <array>
#include <vector>

#include "api/embedded_files.h"
#include "api/service.h"
#include "event/json_text.h"

namespace audit::api {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

std::string JsonObject(const Members& members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    event::AppendQuoted(name, &out);
    out += ':';
    event::AppendQuoted(value, &out);
  }
  out += '}';
  return out;
}

std::string VersionJson(const BuildInfo& build) {
  return JsonObject({{"service_version", std::string(build.service_version)},
                     {"build_time", std::string(build.build_time)},
                     {"git_commit", std::string(build.git_commit)}});
}

// Swagger UI sets style attributes, and its icons are data: images; nothing comes from elsewhere.
constexpr std::string_view kDocsPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

Pages::Pages(Service& service, Answers& answers)
    : service_(service),
      answers_(answers),
      version_(VersionJson(service.options().build)),
      settings_(JsonObject(service.options().settings)) {}

void Pages::Answer(Route route, const http::Request& request, http::Exchange& exchange) {
  const time::UnixMicros now = service_.clock().Now();
  switch (route) {
    case Route::kHealth: return AnswerHealth(route, service_.health().Healthy(service_.clock().SteadyNow()), exchange);
    case Route::kHealthLive: return AnswerHealth(route, nullptr, exchange);
    case Route::kHealthReady: return AnswerHealth(route, service_.Ready(), exchange);
    case Route::kVersion: return answers_.Success(exchange, route, 200, version_, now);
    case Route::kConfig: return answers_.Success(exchange, route, 200, settings_, now);
    case Route::kMetrics: return AnswerMetrics(route, exchange);
    case Route::kOpenApi: return AnswerFile(route, "openapi.json", request, exchange);
    case Route::kDocs: return AnswerFile(route, "index.html", request, exchange);
    case Route::kDocsFile:
      return AnswerFile(route, request.path.substr(kBasePath.size() + InfoOf(route).path.size()), request, exchange);
    case Route::kRedoc: return Redirect(route, exchange);
    case Route::kEvents:
    case Route::kEventsBatch:
    case Route::kOther: break;
  }
}

void Pages::AnswerHealth(Route route, const Problem* problem, http::Exchange& exchange) {
  if (problem != nullptr) return answers_.Refuse(exchange, route, *problem);
  answers_.Success(exchange, route, 200, R"({"status":"UP"})", service_.clock().Now());
}

void Pages::AnswerFile(Route route, std::string_view name, const http::Request& request, http::Exchange& exchange) {
  const EmbeddedFile* file = FindEmbeddedFile(name);
  if (file == nullptr) return answers_.Refuse(exchange, route, problems::kNoSuchPath);
  std::array headers{http::Header{"Vary", "Accept-Encoding"}, http::Header{"X-Content-Type-Options", "nosniff"},
                     http::Header{"Content-Security-Policy", kDocsPolicy}, http::Header{"Content-Encoding", "gzip"}};
  http::Response response;
  response.content_type = file->content_type;
  response.headers = headers;
  response.body = file->gzip;
  std::string plain;
  if (!AcceptsGzip(request.Find("accept-encoding").value_or(""))) {
    plain = Inflate(*file);
    response.body = plain;
    response.headers = response.headers.first(headers.size() - 1);
  }
  answers_.Send(exchange, route, response);
}

void Pages::AnswerMetrics(Route route, http::Exchange& exchange) {
  const std::string text = service_.metrics().Expose();
  http::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = text;
  answers_.Send(exchange, route, response);
}

void Pages::Redirect(Route route, http::Exchange& exchange) {
  static constexpr http::Header kLocation{"Location", "/v1/auditmanager/docs"};
  http::Response response;
  response.status = 308;
  response.headers = {&kLocation, 1};
  answers_.Send(exchange, route, response);
}

}  // namespace audit::api
