#include "api/ingest.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/api_harness.h"
#include "spool/reader.h"

namespace audit::api {
namespace {

using http::Method;
using Headers = std::vector<http::Header>;

const std::string kEvents = std::string(kBasePath) + "/events";
const std::string kBatch = std::string(kBasePath) + "/events/batch";
const Headers kJson{{"Content-Type", "application/json"}};

std::string Accepted(std::string_view response) {
  return R"({"id":"openg2p.auditmanager","version":"1.0","responsetime":"2026-04-23T10:00:00.123Z","response":)" +
         std::string(response) + R"(,"errors":[]})";
}

std::vector<std::string> Spooled(spool::Spool& spool) {
  const std::unique_ptr<spool::Reader> reader = std::move(*spool.OpenReader("test"));
  std::vector<std::string> payloads;
  const auto records = reader->Read(1'000, 1U << 20);
  for (const spool::RecordView& record : *records) payloads.emplace_back(record.payload);
  return payloads;
}

TEST(Ingest, AnswersWithTheIdOnceTheEventIsSynced) {
  ApiHarness api;
  api.Open();
  const RecordedAnswer& answer = api.Begin(Method::kPost, kEvents, kJson, EventJson("e-1"));
  EXPECT_EQ(answer.answers, 0) << "202 before the sync";
  EXPECT_EQ(api.kicks, 1);
  api.Flush();
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(answer.body, Accepted(R"({"accepted":"e-1"})"));
}

TEST(Ingest, QueuedAnswersBeforeAnythingIsWritten) {
  Options options;
  options.ack = AckMoment::kQueued;
  ApiHarness api(options);
  api.Open();
  EXPECT_EQ(api.Begin(Method::kPost, kEvents, kJson, EventJson()).status, 202);
  EXPECT_EQ(api.spool().synced().value, 0U);
}

TEST(Ingest, EventGoesIntoTheSpoolAsItCame) {
  ApiHarness api;
  api.Open();
  const std::string event =
      R"({"specversion":"1.0","id":"a","source":"/s","type":"t","time":"2026-04-23T09:00:00Z","x":1.50,)"
      R"("data":{"actor":{"id":"u"},"action":"a","outcome":"denied"}})";
  EXPECT_EQ(api.Post(kEvents, event).status, 202);
  EXPECT_EQ(Spooled(api.spool()), std::vector<std::string>{event});
}

TEST(Ingest, TheTraceOfTheRequestGoesWithTheEvent) {
  const std::string data = R"({"actor":{"id":"u"},"action":"a","outcome":"success"})";
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const Headers structured{{"Content-Type", "application/json"}, {"Traceparent", trace}};
  const Headers binary{{"ce-specversion", "1.0"}, {"ce-source", "/s"}, {"ce-type", "t"}, {"traceparent", trace}};
  const Headers own{{"ce-specversion", "1.0"},
                    {"ce-source", "/s"},
                    {"ce-type", "t"},
                    {"ce-traceparent", "of its own"},
                    {"traceparent", trace}};
  ApiHarness api;
  api.Open();
  EXPECT_EQ(api.Send(Method::kPost, kEvents, structured, EventJson()).status, 202);
  EXPECT_EQ(api.Send(Method::kPost, kEvents, binary, data).status, 202);
  EXPECT_EQ(api.Send(Method::kPost, kEvents, own, data).status, 202);
  const std::vector<std::string> spooled = Spooled(api.spool());
  ASSERT_EQ(spooled.size(), 3U);
  const std::string member = R"("traceparent":")" + trace + '"';
  EXPECT_NE(spooled[0].find(member), std::string::npos) << spooled[0];
  EXPECT_NE(spooled[1].find(member), std::string::npos) << spooled[1];
  EXPECT_EQ(spooled[2].find(member), std::string::npos) << spooled[2];
}

TEST(Ingest, IdIsEscapedInTheAnswer) {
  ApiHarness api;
  api.Open();
  EXPECT_EQ(api.Post(kEvents, EventJson(R"(\"<\u0001\\é)")).body, Accepted(R"({"accepted":"\"<\u0001\\é"})"));
}

TEST(Ingest, IdThatTheServiceMadeIsReturned) {
  ApiHarness api;
  api.Open();
  const RecordedAnswer& answer =
      api.Post(kEvents, R"({"source":"/s","type":"t","data":{"actor":{"id":"u"},"action":"a","outcome":"success"}})");
  ASSERT_EQ(answer.status, 202);
  const std::size_t at = answer.body.find(R"("accepted":")") + 12;
  const std::string id = answer.body.substr(at, 36);
  ASSERT_EQ(Spooled(api.spool()).size(), 1U);
  EXPECT_NE(Spooled(api.spool())[0].find(R"("id":")" + id + '"'), std::string::npos) << id;
}

TEST(Ingest, BatchAnswersWithAllIdsInOrder) {
  ApiHarness api;
  api.Open();
  EXPECT_EQ(api.Post(kBatch, R"({"events":[)" + EventJson("b") + "," + EventJson("a") + "]}").body,
            Accepted(R"({"accepted":["b","a"],"count":2})"));
  EXPECT_EQ(Spooled(api.spool()).size(), 2U);
}

TEST(Ingest, BatchTypeAnswersInTheShapeOfABatchOnEitherPath) {
  for (const std::string& path : {kEvents, kBatch}) {
    ApiHarness api;
    api.Open();
    EXPECT_EQ(api.Post(path, "[" + EventJson("x") + "]", "application/cloudevents-batch+json").body,
              Accepted(R"({"accepted":["x"],"count":1})"))
        << path;
  }
}

TEST(Ingest, BadEventInABatchTakesNothing) {
  ApiHarness api;
  api.Open();
  EXPECT_EQ(api.Post(kBatch, R"({"events":[)" + EventJson("a") + "," + EventJson("b", "maybe") + "]}").status, 422);
  api.Flush();
  EXPECT_TRUE(Spooled(api.spool()).empty());
}

TEST(Ingest, HeadersOfBinaryModeBecomeAttributes) {
  ApiHarness api;
  api.Open();
  const Headers headers{{"ce-specversion", "1.0"},
                        {"CE-ID", "bin-1"},
                        {"ce-source", "/s%20%C3%A9"},
                        {"ce-type", "t"},
                        {"ce-farmregion", "north"},
                        {"Content-Type", "application/json; charset=utf-8"},
                        {"Authorization", "not an attribute"}};
  EXPECT_EQ(api.Send(Method::kPost, kEvents, headers, R"({"actor":{"id":"u"},"action":"a","outcome":"success"})").body,
            Accepted(R"({"accepted":"bin-1"})"));
  const std::vector<std::string> spooled = Spooled(api.spool());
  ASSERT_EQ(spooled.size(), 1U);
  for (const char* part : {R"("id":"bin-1")", R"("source":"/s é")", R"("farmregion":"north")",
                           R"("datacontenttype":"application/json; charset=utf-8")", R"("data":{"actor":{"id":"u"})"}) {
    EXPECT_NE(spooled[0].find(part), std::string::npos) << part << " is not in " << spooled[0];
  }
  EXPECT_EQ(spooled[0].find("Authorization"), std::string::npos);
}

TEST(Ingest, TimeIsBoundByTheSkewAndTheRetentionWindow) {
  Options options;
  options.max_future_skew_seconds = 60;
  ApiHarness api(options);
  api.Open();
  const auto post = [&](std::string_view time) {
    std::string event = EventJson();
    event.insert(1, R"("time":")" + std::string(time) + R"(",)");
    return api.Post(kEvents, event);
  };
  EXPECT_EQ(post("2026-04-23T10:01:00Z").status, 202);
  EXPECT_NE(post("2026-04-23T10:01:01Z").body.find(R"("path":"time")"), std::string::npos);
  EXPECT_EQ(post("2019-06-01T00:00:00Z").status, 202);
  EXPECT_NE(post("2018-06-01T00:00:00Z").body.find(R"("path":"time")"), std::string::npos);
  api.clock.Advance(std::chrono::seconds{1});
  EXPECT_EQ(post("2026-04-23T10:01:01Z").status, 202) << "the window moves with the clock";
}

TEST(Ingest, FullQueueTakesNothingAndSaysWhenToTryAgain) {
  spool::Options small_queue;
  small_queue.queue_max_records = 2;
  ApiHarness api({}, small_queue);
  api.Open();
  api.Begin(Method::kPost, kBatch, kJson, R"({"events":[)" + EventJson("1") + "," + EventJson("2") + "]}");
  const RecordedAnswer& refused = api.Begin(Method::kPost, kEvents, kJson, EventJson("3"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("AUD-004"), std::string::npos);
  EXPECT_EQ(refused.headers.at("Retry-After"), "1");
  api.Flush();
  EXPECT_EQ(Spooled(api.spool()).size(), 2U);
  EXPECT_EQ(api.Post(kEvents, EventJson("3")).status, 202) << "room came back";
}

TEST(Ingest, ReplicasThatDoNotAcknowledgeInTimeAreA503ThatKeepsTheEvent) {
  Options options;
  options.ack = AckMoment::kReplicated;
  options.replicated_timeout = std::chrono::seconds{2};
  ApiHarness api(std::move(options));
  api.Open();
  const RecordedAnswer& late = api.Begin(Method::kPost, kEvents, kJson, EventJson("1"));
  api.Flush();
  EXPECT_EQ(late.answers, 0) << "on disk alone is not enough";
  api.clock.Advance(std::chrono::milliseconds{2'001});
  api.handler->OnRoundEnd();
  EXPECT_EQ(late.status, 503);
  EXPECT_NE(late.body.find("AUD-004"), std::string::npos);
  EXPECT_EQ(late.headers.at("Retry-After"), "1");
  EXPECT_EQ(Spooled(api.spool()).size(), 1U) << "it goes on its way all the same";

  const RecordedAnswer& repeated = api.Begin(Method::kPost, kEvents, kJson, EventJson("1"));
  api.Flush();
  api.service->ack_hub().OnReplicated({2});
  api.thread.RunPosted();
  EXPECT_EQ(repeated.status, 202);
}

TEST(Ingest, FullDiskIsBackpressureToo) {
  spool::Options small_disk;
  small_disk.max_bytes = 4U << 20;
  ApiHarness api({}, small_disk);
  api.Open();
  const std::string event = EventJson(std::string(400, 'x'));
  int accepted = 0;
  for (; accepted < 20'000; ++accepted) {
    if (api.Post(kEvents, event).status != 202) break;
  }
  EXPECT_GT(accepted, 1'000);
  const RecordedAnswer& refused = api.Post(kEvents, event);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("AUD-004"), std::string::npos);
  EXPECT_NE(api.Get(std::string(kBasePath) + "/health/ready").body.find("AUD-004"), std::string::npos);

  const std::unique_ptr<spool::Reader> reader = std::move(*api.spool().OpenReader("test"));
  ASSERT_TRUE(reader->Commit(api.spool().synced()).ok());
  ASSERT_TRUE(api.spool().Maintain().ok());
  EXPECT_EQ(api.Get(std::string(kBasePath) + "/health/ready").status, 200) << "nobody has to try for it";
  EXPECT_EQ(api.Post(kEvents, event).status, 202);
}

TEST(Ingest, FlusherIsWokenOnceARoundAndNotWithoutNeed) {
  ApiHarness api;
  api.Open();
  api.Post(kEvents, "{");
  api.Get(std::string(kBasePath) + "/version");
  EXPECT_EQ(api.kicks, 0);
  api.Begin(Method::kPost, kEvents, kJson, EventJson());
  EXPECT_EQ(api.kicks, 1);
}

TEST(Ingest, InstanceWithoutTheRoleSaysSo) {
  Options options;
  options.takes_events = false;
  ApiHarness api(options);
  api.health.Enter(Health::Phase::kServing);
  const RecordedAnswer& answer = api.Post(kEvents, EventJson());
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("AUD-005"), std::string::npos);
  EXPECT_NE(answer.body.find("role ingest"), std::string::npos);
  EXPECT_EQ(api.Get(std::string(kBasePath) + "/health/ready").status, 200);
}

TEST(Ingest, SyncThatFailsAnswersEverybodyWhoWaits503) {
  ApiHarness api;
  api.Open();
  const RecordedAnswer& first = api.Begin(Method::kPost, kEvents, kJson, EventJson("1"));
  const RecordedAnswer& second = api.Begin(Method::kPost, kEvents, kJson, EventJson("2"));
  api.BreakDisk();
  api.Flush();
  for (const RecordedAnswer* answer : {&first, &second}) {
    EXPECT_EQ(answer->status, 503);
    EXPECT_NE(answer->body.find("AUD-005"), std::string::npos);
  }
  EXPECT_EQ(api.Post(kEvents, EventJson("3")).status, 503) << "nothing is taken after it";
}

TEST(Ingest, CountsWhatItAcceptsAndRefuses) {
  ApiHarness api;
  api.Open();
  api.Begin(Method::kPost, kBatch, kJson, R"({"events":[)" + EventJson("1") + "," + EventJson("2") + "]}");
  api.clock.Advance(std::chrono::milliseconds{3});
  api.Flush();
  api.Post(kEvents, "{");
  api.Get("/nothing");
  const std::string text = api.metrics.Expose();
  for (const char* line :
       {"audit_manager_events_accepted_total 2\n", R"(audit_manager_requests_refused_total{code="AUD-001"} 1)",
        R"(audit_manager_http_requests_total{route="/events/batch",status="202"} 1)",
        R"(audit_manager_http_requests_total{route="/events",status="400"} 1)",
        R"(audit_manager_http_requests_total{route="other",status="404"} 1)",
        R"(audit_manager_accept_duration_seconds_bucket{le="0.0025"} 0)",
        R"(audit_manager_accept_duration_seconds_bucket{le="0.005"} 1)"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

}  // namespace
}  // namespace audit::api
