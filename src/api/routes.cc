#include "api/routes.h"

#include <array>

namespace audit::api {
namespace {

constexpr std::array kIngestStatuses{202, 400, 413, 415, 422, 503};
constexpr std::array kHealthStatuses{200, 503};
constexpr std::array kPageStatuses{200};
constexpr std::array kFileStatuses{200, 404};
constexpr std::array kRedirectStatuses{308};
constexpr std::array kOtherStatuses{400, 404, 405, 408, 413, 415, 503};

constexpr std::array<RouteInfo, kRoutes> kInfos{{
    {"/events", true, kIngestStatuses},
    {"/events/batch", true, kIngestStatuses},
    {"/health", false, kHealthStatuses},
    {"/health/live", false, kPageStatuses},
    {"/health/ready", false, kHealthStatuses},
    {"/version", false, kPageStatuses},
    {"/config", false, kPageStatuses},
    {"/metrics", false, kPageStatuses},
    {"/openapi.json", false, kPageStatuses},
    {"/docs", false, kPageStatuses},
    {"/docs/", false, kFileStatuses},
    {"/redoc", false, kRedirectStatuses},
    {"other", false, kOtherStatuses},
}};

}  // namespace

const RouteInfo& InfoOf(Route route) { return kInfos.at(static_cast<std::size_t>(route)); }

Route FindRoute(std::string_view path) {
  if (!path.starts_with(kBasePath)) return path == "/metrics" ? Route::kMetrics : Route::kOther;
  path.remove_prefix(kBasePath.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(Route::kOther); ++i) {
    if (path == kInfos.at(i).path) return static_cast<Route>(i);
  }
  const std::string_view files = InfoOf(Route::kDocsFile).path;
  return path.size() > files.size() && path.starts_with(files) ? Route::kDocsFile : Route::kOther;
}

bool Takes(Route route, http::Method method) {
  if (InfoOf(route).post) return method == http::Method::kPost;
  return method == http::Method::kGet || method == http::Method::kHead;
}

std::string_view Allow(Route route) { return InfoOf(route).post ? "POST" : "GET, HEAD"; }

}  // namespace audit::api
