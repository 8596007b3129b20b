#include "api/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace audit::api {
namespace {

TEST(Routes, EveryPathIsFoundUnderTheBasePathOnly) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Route::kDocsFile); ++i) {
    const auto route = static_cast<Route>(i);
    const std::string path(InfoOf(route).path);
    EXPECT_EQ(FindRoute(std::string(kBasePath) + path), route);
    EXPECT_EQ(FindRoute(std::string(kBasePath) + path + "/"), route == Route::kDocs ? Route::kDocsFile : Route::kOther);
    EXPECT_EQ(FindRoute("/v2/auditmanager" + path), Route::kOther);
  }
}

TEST(Routes, MetricsAreAtTheRootToo) {
  EXPECT_EQ(FindRoute("/metrics"), Route::kMetrics);
  EXPECT_EQ(FindRoute("/health"), Route::kOther);
}

TEST(Routes, NearMissesAreNotPaths) {
  for (const char* path : {"", "/", "/v1/auditmanager", "/v1/auditmanager/", "/v1/auditmanager/Events", "*",
                           "/v1/auditmanager//events", "/v1/auditmanager/events/batch/x", "/v1/auditmanagerevents"}) {
    EXPECT_EQ(FindRoute(path), Route::kOther) << path;
  }
}

TEST(Routes, MethodsAreThoseThatAllowNames) {
  EXPECT_TRUE(Takes(Route::kEvents, http::Method::kPost));
  EXPECT_FALSE(Takes(Route::kEvents, http::Method::kGet));
  EXPECT_EQ(Allow(Route::kEvents), "POST");
  EXPECT_TRUE(Takes(Route::kHealth, http::Method::kGet));
  EXPECT_TRUE(Takes(Route::kHealth, http::Method::kHead));
  EXPECT_FALSE(Takes(Route::kHealth, http::Method::kPost));
  EXPECT_FALSE(Takes(Route::kHealth, http::Method::kOptions));
  EXPECT_EQ(Allow(Route::kHealth), "GET, HEAD");
}

}  // namespace
}  // namespace audit::api
