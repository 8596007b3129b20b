#include "api/pages.h"

#include <gtest/gtest.h>

#include <string>

#include "api/api_harness.h"

namespace audit::api {
namespace {

std::string Path(std::string_view path) { return std::string(kBasePath) + std::string(path); }

std::string Envelope(std::string_view response) {
  return R"({"id":"openg2p.auditmanager","version":"1.0","responsetime":"2026-04-23T10:00:00.123Z","response":)" +
         std::string(response) + R"(,"errors":[]})";
}

TEST(Pages, HealthIsUpInTheEnvelope) {
  ApiHarness api;
  api.Open();
  for (const char* path : {"/health", "/health/live", "/health/ready"}) {
    EXPECT_EQ(api.Get(Path(path)).body, Envelope(R"({"status":"UP"})")) << path;
  }
}

TEST(Pages, LiveAnswersWhateverElseIsWrong) {
  ApiHarness api({}, {}, true);
  api.health.Enter(Health::Phase::kFailed);
  EXPECT_EQ(api.Get(Path("/health/live")).status, 200);
  EXPECT_EQ(api.Get(Path("/health/ready")).status, 503);
  EXPECT_EQ(api.Get(Path("/health")).status, 503);
}

TEST(Pages, VersionIsThatOfTheBuild) {
  Options options;
  options.build = {.service_version = "1.2.3", .build_time = "2026-01-02T03:04:05Z", .git_commit = "abc"};
  ApiHarness api(options);
  EXPECT_EQ(api.Get(Path("/version")).body,
            Envelope(R"({"service_version":"1.2.3","build_time":"2026-01-02T03:04:05Z","git_commit":"abc"})"));
}

TEST(Pages, ConfigShowsTheSettingsItWasGiven) {
  Options options;
  options.settings = {{"http.port", "8000"}, {"data_dir", R"(C:\"x")"}};
  ApiHarness api(options);
  EXPECT_EQ(api.Get(Path("/config")).body, Envelope(R"({"http.port":"8000","data_dir":"C:\\\"x\""})"));
}

TEST(Pages, MetricsAreTextAtBothPaths) {
  ApiHarness api;
  for (const std::string& path : {Path("/metrics"), std::string("/metrics")}) {
    const RecordedAnswer& answer = api.Get(path);
    EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(answer.body.starts_with("# HELP ")) << answer.body;
  }
}

TEST(Pages, FilesComeCompressedToThoseWhoTakeThat) {
  ApiHarness api;
  const RecordedAnswer& plain = api.Get(Path("/docs"));
  EXPECT_TRUE(plain.body.starts_with("<!DOCTYPE html>"));
  EXPECT_FALSE(plain.headers.contains("Content-Encoding"));
  const RecordedAnswer& compressed = api.Send(http::Method::kGet, Path("/docs"), {{"accept-encoding", "br, gzip"}});
  EXPECT_TRUE(compressed.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(compressed.headers.at("Content-Encoding"), "gzip");
  for (const RecordedAnswer* answer : {&plain, &compressed}) {
    EXPECT_EQ(answer->content_type, "text/html; charset=utf-8");
    EXPECT_EQ(answer->headers.at("Vary"), "Accept-Encoding");
    EXPECT_EQ(answer->headers.at("X-Content-Type-Options"), "nosniff");
  }
}

TEST(Pages, DocsMayLoadNothingFromElsewhere) {
  ApiHarness api;
  const std::string policy = api.Get(Path("/docs")).headers.at("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none';")) << policy;
  EXPECT_EQ(policy.find("http"), std::string::npos) << policy;
  EXPECT_EQ(policy.find('*'), std::string::npos) << policy;
}

TEST(Pages, RedocGoesToTheDocs) {
  ApiHarness api;
  EXPECT_EQ(api.Get(Path("/redoc")).headers.at("Location"), Path("/docs"));
}

TEST(Pages, AllowNamesTheMethodsThereAre) {
  ApiHarness api;
  EXPECT_EQ(api.Get(Path("/events")).headers.at("Allow"), "POST");
  EXPECT_EQ(api.Send(http::Method::kPut, Path("/health")).headers.at("Allow"), "GET, HEAD");
}

TEST(Faults, AreAnsweredFromTheCatalogue) {
  ApiHarness api;
  const http::Response late = api.handler->OnFault(http::Fault::kTimeout);
  EXPECT_EQ(late.status, 408);
  EXPECT_NE(late.body.find(R"("errorCode":"AUD-012")"), std::string_view::npos);
  EXPECT_TRUE(late.headers.empty());
  const http::Response overloaded = api.handler->OnFault(http::Fault::kOverloaded);
  EXPECT_EQ(overloaded.status, 503);
  ASSERT_EQ(overloaded.headers.size(), 1U);
  EXPECT_EQ(overloaded.headers[0].name, "Retry-After");
  EXPECT_NE(api.metrics.Expose().find(R"(audit_manager_http_requests_total{route="other",status="408"} 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace audit::api
