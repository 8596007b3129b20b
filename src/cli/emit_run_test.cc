#include "cli/emit_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "client/scripted_server.h"

namespace audit::cli {
namespace {

using client::ScriptedServer;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::string Event(const std::string& subject, const std::string& outcome = "success") {
  return R"({"id":")" + subject + R"(","time":"2026-11-24T10:00:00Z","source":"test","type":"t","subject":")" +
         subject + R"(","data":{"actor":{"id":"a"},"action":"read","outcome":")" + outcome + R"("}})";
}

class Recorder final : public EmitObserver {
 public:
  void OnRefused(const Place& place, std::span<const client::Refusal> refusals, std::string_view) override {
    refused.push_back(Describe(place) + ": " + client::Describe(refusals.front()));
  }
  void OnRetry(std::string_view why, milliseconds) override { retries.emplace_back(why); }

  std::vector<std::string> refused;
  std::vector<std::string> retries;
};

// How often `text` occurs in the bodies that the service took.
std::size_t Taken(const ScriptedServer& server, const std::string& text) {
  std::size_t count = 0;
  for (const auto& request : server.requests()) {
    for (std::size_t at = request.body.find(text); at != std::string::npos; at = request.body.find(text, at + 1))
      ++count;
  }
  return count;
}

class EmitRunTest : public testing::Test {
 protected:
  void Run(const ScriptedServer* server, const std::string& input, EmitOptions options = {}) {
    if (server != nullptr) options.client.base = *client::ParseUrl(server->url());
    options.client.request_timeout = milliseconds(200);
    options.retry.initial = milliseconds(1);
    std::size_t at = 0;
    EmitRun run(
        options,
        [&](std::span<char> into) -> Result<std::size_t> {
          const std::size_t size = std::min(into.size(), input.size() - at);
          std::copy_n(input.data() + at, size, into.data());
          at += size;
          return size;
        },
        InputFormat::kAuto, env::SystemClock(), recorder_);
    ASSERT_TRUE(run.Start().ok());
    while (!run.WaitFor(milliseconds(1'000))) {
    }
    counts_ = run.counts();
    error_ = run.error();
  }

  Recorder recorder_;
  EmitCounts counts_;
  std::optional<Error> error_;
};

TEST_F(EmitRunTest, EveryEventIsSentOnceInBatches) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(202, "{}"); });
  std::string input;
  for (int i = 0; i < 95; ++i) input += Event("e" + std::to_string(i) + ".") + "\n";
  Run(&server, input, {.batch_size = 10, .concurrency = 3});
  EXPECT_EQ(counts_.events, 95U);
  EXPECT_EQ(counts_.accepted, 95U);
  EXPECT_EQ(counts_.bytes_read, input.size());
  EXPECT_EQ(server.requests().size(), 10U);
  for (int i = 0; i < 95; ++i) EXPECT_EQ(Taken(server, R"("subject":"e)" + std::to_string(i) + "."), 1U) << i;
}

TEST_F(EmitRunTest, BatchEndsAtItsBytesTooSoThatLargeEventsStayBounded) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(202, "{}"); });
  Run(&server, Event("a") + "\n" + Event("b") + "\n" + Event("c"), {.batch_bytes = 10, .concurrency = 1});
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(EmitRunTest, WhatNoServiceWouldTakeIsRefusedByLineAndNotSent) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(202, "{}"); });
  Run(&server, Event("a") + "\n{\"id\":\n\n" + Event("b", "maybe") + "\n[]\n" + Event("c"), {.concurrency = 1});
  EXPECT_EQ(counts_.accepted, 2U);
  EXPECT_EQ(counts_.refused, 3U);
  EXPECT_THAT(recorder_.refused, ElementsAre(HasSubstr("line 2: AUD-001"), HasSubstr("line 4: AUD-002 data.outcome"),
                                             HasSubstr("line 5: AUD-001")));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(EmitRunTest, RefusalOfTheServiceNamesTheLineAndTheRestGoesIn) {
  const ScriptedServer server([](const ScriptedServer::Request& request) {
    if (request.body.find(R"("bad")") == std::string::npos) return ScriptedServer::Answer(202, "{}");
    return ScriptedServer::Answer(
        422, R"({"errors":[{"errorCode":"AUD-002","message":"too old","path":"events[1].time"}]})");
  });
  Run(&server, Event("a") + "\n\n" + Event("bad") + "\n" + Event("c"), {.concurrency = 1});
  EXPECT_EQ(counts_.accepted, 2U);
  EXPECT_THAT(recorder_.refused, ElementsAre("line 3: AUD-002 time: too old"));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(EmitRunTest, RefusalInAnArrayNamesTheIndex) {
  const ScriptedServer server([](const auto&) {
    return ScriptedServer::Answer(422, R"({"errors":[{"errorCode":"AUD-008","message":"big","path":"events[0]"}]})");
  });
  Run(&server, "[" + Event("a") + ",\n" + Event("b") + "]", {.batch_size = 1, .concurrency = 1});
  EXPECT_THAT(recorder_.refused, ElementsAre("element 0 (line 1): AUD-008 big", "element 1 (line 2): AUD-008 big"));
}

TEST_F(EmitRunTest, RepeatedRequestCarriesTheSameIdAndTime) {
  const ScriptedServer server([](const ScriptedServer::Request& request) {
    if (request.number == 0) return ScriptedServer::Reply{.bytes = "", .hang = true};  // taken, but who knows
    return request.number == 1 ? ScriptedServer::Answer(503, "") : ScriptedServer::Answer(202, "{}");
  });
  Run(&server, R"({"source":"s","type":"t","data":{"actor":{"id":"a"},"action":"x","outcome":"denied"}})");
  EXPECT_EQ(counts_.accepted, 1U);
  EXPECT_EQ(counts_.retries, 2U);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[0].body, HasSubstr(R"("id":")"));
  EXPECT_THAT(requests[0].body, HasSubstr(R"("time":")"));
  EXPECT_EQ(requests[1].body, requests[0].body);
  EXPECT_EQ(requests[2].body, requests[0].body);
}

TEST_F(EmitRunTest, ServiceThatStaysAwayEndsTheRunAndEverythingCountsAsUnsent) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(503, "full"); });
  std::string input;
  for (int i = 0; i < 20; ++i) input += Event(std::to_string(i)) + "\n";
  Run(&server, input, {.retry = {.give_up_after = milliseconds(20)}, .batch_size = 2, .concurrency = 1});
  EXPECT_EQ(counts_.accepted, 0U);
  EXPECT_GT(counts_.retries, 0U);
  EXPECT_GE(counts_.unsent, 2U);
  EXPECT_EQ(counts_.unsent, counts_.events);
  EXPECT_EQ(counts_.first_unsent->line, 1U);
  ASSERT_TRUE(error_.has_value());
  EXPECT_THAT(error_->message(), HasSubstr("503"));
}

TEST_F(EmitRunTest, MalformedArrayIsAnErrorAfterWhatCameBeforeIt) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(202, "{}"); });
  Run(&server, "[" + Event("a") + ",]", {.concurrency = 1});
  ASSERT_TRUE(error_.has_value());
  EXPECT_THAT(error_->message(), HasSubstr("line 1: an element is missing"));
  EXPECT_EQ(counts_.accepted + counts_.unsent, 1U);
}

TEST_F(EmitRunTest, CheckSendsNothing) {
  Run(nullptr, Event("a") + "\n" + Event("b", "maybe"), {.check_only = true});
  EXPECT_EQ(counts_.accepted, 1U);
  EXPECT_EQ(counts_.refused, 1U);
}

TEST_F(EmitRunTest, StopEndsARunThatIsWaiting) {
  const ScriptedServer server([](const auto&) { return ScriptedServer::Answer(503, "", "Retry-After: 50\r\n"); });
  EmitOptions options{.concurrency = 1};
  options.client.base = *client::ParseUrl(server.url());
  const std::string input = Event("a");
  bool given = false;
  EmitRun run(
      options,
      [&](std::span<char> into) -> Result<std::size_t> {
        if (std::exchange(given, true)) return std::size_t{0};
        std::ranges::copy(input, into.begin());
        return input.size();
      },
      InputFormat::kAuto, env::SystemClock(), recorder_);
  ASSERT_TRUE(run.Start().ok());
  while (run.counts().retries == 0) run.WaitFor(milliseconds(1));
  run.Stop();
  while (!run.WaitFor(milliseconds(1'000))) {
  }
  EXPECT_EQ(run.counts().unsent, 1U);
}

}  // namespace
}  // namespace audit::cli
