// Requests of every kind and what the contract says about them; at the end, that the table of routes
// declares what is answered, and that everything it declares was seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/api_harness.h"
#include "api/routes.h"

namespace audit::api {
namespace {

using http::Header;
using http::Method;
using Headers = std::vector<Header>;

const std::string kEvents = std::string(kBasePath) + "/events";
const std::string kBatch = std::string(kBasePath) + "/events/batch";

struct Row {
  const char* name;
  Method method;
  std::string path;
  Headers headers;
  std::string body;
  int status;
  std::string code;        // empty: a success
  std::string error_path;  // of the first entry
  std::function<void(ApiHarness&)> prepare = [](ApiHarness& api) { api.Open(); };
};

Headers Type(std::string_view type) { return {{"Content-Type", type}}; }

Headers Binary(Headers more = {}) {
  Headers headers{
      {"CE-SpecVersion", "1.0"}, {"ce-source", "/test"}, {"ce-type", "t"}, {"Content-Type", "application/json"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

const std::string kData = R"({"actor":{"id":"u-1"},"action":"read","outcome":"success"})";

std::vector<Row> Rows() {
  const auto not_open = [](ApiHarness& /*api*/) {};
  const auto stopping = [](ApiHarness& api) {
    api.Open();
    api.health.Enter(Health::Phase::kStopping);
  };
  const auto store_away = [](ApiHarness& api) {
    api.Open();
    api.health.OnStoreProbe(false, api.clock.SteadyNow());
  };
  const auto store_there = [](ApiHarness& api) {
    api.Open();
    api.health.OnStoreProbe(true, api.clock.SteadyNow());
  };
  const Headers json = Type("application/json");
  const Headers batch = Type("application/cloudevents-batch+json");
  const std::string event = EventJson();
  const std::string four =
      "[" + EventJson("1") + "," + EventJson("2") + "," + EventJson("3") + "," + EventJson("4") + "]";
  const auto base = [](const char* path) { return std::string(kBasePath) + path; };
  return {
      {"one event", Method::kPost, kEvents, json, event, 202, "", ""},
      {"without content type", Method::kPost, kEvents, {}, event, 202, "", ""},
      {"structured CloudEvents", Method::kPost, kEvents, Type("application/cloudevents+json; charset=UTF-8"), event,
       202, "", ""},
      {"array on /events", Method::kPost, kEvents, batch, "[" + event + "]", 202, "", ""},
      {"binary mode", Method::kPost, kEvents, Binary(), kData, 202, "", ""},
      {"binary mode, other JSON type",
       Method::kPost,
       kEvents,
       {{"ce-specversion", "1.0"}, {"ce-source", "/s"}, {"ce-type", "t"}, {"content-type", "application/x+json"}},
       kData,
       202,
       "",
       ""},
      {"not JSON", Method::kPost, kEvents, json, "{", 400, "AUD-001", ""},
      {"empty body", Method::kPost, kEvents, json, "", 400, "AUD-001", ""},
      {"array where an event is due", Method::kPost, kEvents, json, "[" + event + "]", 400, "AUD-001", ""},
      {"batch type without array", Method::kPost, kEvents, batch, event, 400, "AUD-001", ""},
      {"malformed percent escape", Method::kPost, kEvents, Binary({{"ce-subject", "%zz"}}), kData, 400, "AUD-001",
       "ce-subject"},
      {"malformed attribute name", Method::kPost, kEvents, Binary({{"ce-my_name", "x"}}), kData, 400, "AUD-001", ""},
      {"attribute without name", Method::kPost, kEvents, Binary({{"ce-", "x"}}), kData, 400, "AUD-001", ""},
      {"attribute twice", Method::kPost, kEvents, Binary({{"Ce-Type", "u"}}), kData, 400, "AUD-001", "ce-type"},
      {"data as attribute", Method::kPost, kEvents, Binary({{"ce-data", "{}"}}), kData, 400, "AUD-001", "ce-data"},
      {"content type as attribute", Method::kPost, kEvents, Binary({{"ce-datacontenttype", "application/json"}}), kData,
       400, "AUD-001", "ce-datacontenttype"},
      {"too many for one request", Method::kPost, kEvents, batch, four, 400, "AUD-007", "events"},
      {"event too large", Method::kPost, kEvents, json, EventJson(std::string(500, 'i')), 413, "AUD-008", ""},
      {"text", Method::kPost, kEvents, Type("text/plain"), event, 415, "AUD-003", ""},
      {"foreign charset", Method::kPost, kEvents, Type("application/json; charset=latin1"), event, 415, "AUD-003", ""},
      {"unknown outcome", Method::kPost, kEvents, json, EventJson("e", "maybe"), 422, "AUD-002", "data.outcome"},
      {"binary mode breaks a rule", Method::kPost, kEvents, Binary(), R"({"actor":{"id":"u"},"action":"a"})", 422,
       "AUD-002", "data.outcome"},
      {"before the start is complete", Method::kPost, kEvents, json, event, 503, "AUD-005", "", not_open},
      {"while stopping", Method::kPost, kEvents, json, event, 503, "AUD-005", "", stopping},

      {"batch object", Method::kPost, kBatch, json, R"({"events":[)" + event + "]}", 202, "", ""},
      {"batch array", Method::kPost, kBatch, batch, "[" + event + "]", 202, "", ""},
      {"batch is one event", Method::kPost, kBatch, json, event, 400, "AUD-001", "events"},
      {"batch over the limit", Method::kPost, kBatch, json, R"({"events":)" + four + "}", 400, "AUD-007", "events"},
      {"batch with an event too large", Method::kPost, kBatch, batch, "[" + EventJson(std::string(500, 'i')) + "]", 413,
       "AUD-008", "events[0]"},
      {"batch in binary mode", Method::kPost, kBatch, Binary(), kData, 415, "AUD-003", ""},
      {"batch with one bad event", Method::kPost, kBatch, batch, "[" + event + "," + EventJson("2", "maybe") + "]", 422,
       "AUD-002", "events[1].data.outcome"},
      {"batch while stopping", Method::kPost, kBatch, json, R"({"events":[]})", 503, "AUD-005", "", stopping},

      {"health", Method::kGet, base("/health"), {}, "", 200, "", "", store_there},
      {"health without store", Method::kGet, base("/health"), {}, "", 503, "AUD-006", "", store_away},
      {"health before the start", Method::kGet, base("/health"), {}, "", 503, "AUD-005", "", not_open},
      {"live", Method::kGet, base("/health/live"), {}, "", 200, "", "", not_open},
      {"ready", Method::kGet, base("/health/ready"), {}, "", 200, "", "", store_away},
      {"ready before the start", Method::kGet, base("/health/ready"), {}, "", 503, "AUD-005", "", not_open},
      {"ready, HEAD", Method::kHead, base("/health/ready"), {}, "", 200, "", ""},
      {"version", Method::kGet, base("/version"), {}, "", 200, "", ""},
      {"config", Method::kGet, base("/config"), {}, "", 200, "", ""},
      {"metrics", Method::kGet, base("/metrics"), {}, "", 200, "", ""},
      {"metrics at the root", Method::kGet, "/metrics", {}, "", 200, "", ""},
      {"openapi", Method::kGet, base("/openapi.json"), {}, "", 200, "", ""},
      {"docs", Method::kGet, base("/docs"), {}, "", 200, "", ""},
      {"docs file", Method::kGet, base("/docs/swagger-ui.css"), {}, "", 200, "", ""},
      {"no such docs file", Method::kGet, base("/docs/x"), {}, "", 404, "AUD-009", ""},
      {"redoc", Method::kGet, base("/redoc"), {}, "", 308, "", ""},

      {"no such path", Method::kGet, base("/nothing"), {}, "", 404, "AUD-009", ""},
      {"root", Method::kGet, "/", {}, "", 404, "AUD-009", ""},
      {"GET of events", Method::kGet, kEvents, {}, "", 405, "AUD-009", ""},
      {"HEAD of events", Method::kHead, kEvents, {}, "", 405, "AUD-009", ""},
      {"OPTIONS of events", Method::kOptions, kEvents, {}, "", 405, "AUD-009", ""},
      {"DELETE of health", Method::kDelete, base("/health"), {}, "", 405, "AUD-009", ""},
      {"POST of docs", Method::kPost, base("/docs"), {}, "", 405, "AUD-009", ""},
      {"PATCH of events", Method::kPatch, kEvents, {}, "", 405, "AUD-009", ""},
  };
}

std::string FirstErrorPath(const std::string& body) {
  const std::size_t at = body.find(R"("path":")");
  if (at == std::string::npos) return "";
  return body.substr(at + 8, body.find('"', at + 8) - at - 8);
}

TEST(RequestTable, EveryRequestGetsTheCodeAndStatusOfTheContract) {
  std::set<std::pair<Route, int>> seen;
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    Options options;
    options.limits = {.max_event_bytes = 400, .max_batch_events = 3};
    ApiHarness api(options, {}, true);
    row.prepare(api);
    const RecordedAnswer& answer = api.Send(row.method, row.path, row.headers, row.body);
    ASSERT_EQ(answer.answers, 1);
    EXPECT_EQ(answer.status, row.status) << answer.body;
    if (!row.code.empty()) {
      EXPECT_NE(answer.body.find(R"("response":null,"errors":[{"errorCode":")" + row.code + '"'), std::string::npos)
          << answer.body;
      EXPECT_EQ(answer.content_type, "application/json");
    }
    EXPECT_EQ(FirstErrorPath(answer.body), row.error_path) << answer.body;
    EXPECT_EQ(answer.headers.contains("Retry-After"), row.status == 503);
    EXPECT_EQ(answer.headers.contains("Allow"), row.status == 405);
    const bool nothing_there = row.code == "AUD-009";
    const bool unread = api.spool().stats().appended.value == 0;
    EXPECT_EQ(unread, row.status != 202) << "taken in although refused, or the other way round";
    if (!nothing_there || row.status == 404) seen.emplace(FindRoute(row.path), answer.status);
  }

  for (std::size_t i = 0; i < static_cast<std::size_t>(Route::kOther); ++i) {
    const auto route = static_cast<Route>(i);
    for (const int status : InfoOf(route).statuses) {
      EXPECT_TRUE(seen.contains({route, status})) << InfoOf(route).path << " never answered " << status;
    }
  }
  for (const auto& [route, status] : seen) {
    const std::span<const int> declared = InfoOf(route).statuses;
    EXPECT_NE(std::find(declared.begin(), declared.end(), status), declared.end())
        << InfoOf(route).path << " does not declare " << status;
  }
}

}  // namespace
}  // namespace audit::api
