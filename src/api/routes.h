// Every path of the API: what it takes and which statuses it answers. docs/openapi.json says the
// same, and a test compares the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/request.h"

namespace audit::api {

inline constexpr std::string_view kBasePath = "/v1/auditmanager";

enum class Route : std::uint8_t {
  kEvents,
  kEventsBatch,
  kHealth,
  kHealthLive,
  kHealthReady,
  kVersion,
  kConfig,
  kMetrics,
  kOpenApi,
  kDocs,
  kDocsFile,  // what the docs page loads
  kRedoc,
  kOther,  // no such path or method, or a request that never got as far as having one
};
inline constexpr std::size_t kRoutes = static_cast<std::size_t>(Route::kOther) + 1;

struct RouteInfo {
  std::string_view path;          // below kBasePath; the route's label in metrics
  bool post = false;              // takes POST; otherwise GET and HEAD
  std::span<const int> statuses;  // that it answers, ascending; those of http::Fault come on top
};

[[nodiscard]] const RouteInfo& InfoOf(Route route);

// kOther: there is no such path.
[[nodiscard]] Route FindRoute(std::string_view path);
[[nodiscard]] bool Takes(Route route, http::Method method);
[[nodiscard]] std::string_view Allow(Route route);  // the header's value

}  // namespace audit::api
