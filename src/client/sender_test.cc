#include "client/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/scripted_server.h"
#include "env/manual_clock.h"

namespace audit::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

// Waits pass on the clock alone.
class SenderTest : public testing::Test {
 protected:
  Result<Answer> Post(const ScriptedServer& server, RetryPolicy policy = {}) {
    http_ = *HttpClient::Create({.base = *ParseUrl(server.url()), .request_timeout = milliseconds(100)});
    Sender sender(*http_, policy, clock_, *random_,
                  {.wait =
                       [this](milliseconds wait) {
                         waits_.push_back(wait);
                         clock_.Advance(wait);
                         return waits_.size() < stop_after_;
                       },
                   .on_retry = [this](std::string_view why, milliseconds) { whys_.emplace_back(why); }});
    return sender.Post("/v1/x", "application/json", "{}");
  }

  env::ManualClock clock_{{0}};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  std::unique_ptr<HttpClient> http_;
  std::vector<milliseconds> waits_;
  std::vector<std::string> whys_;
  std::size_t stop_after_ = 1'000;
};

TEST_F(SenderTest, FullServiceIsAskedAgainWhenItSaidSo) {
  const ScriptedServer server([](const Request& request) {
    return request.number < 2
               ? ScriptedServer::Answer(503, R"({"errors":[{"errorCode":"AUD-004","message":"no room"}]})",
                                        "Retry-After: 2\r\n")
               : ScriptedServer::Answer(202, "{}");
  });
  const Result<Answer> answer = Post(server);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 202);
  EXPECT_THAT(waits_, testing::ElementsAre(seconds(2), seconds(2)));
  EXPECT_THAT(whys_.at(0), HasSubstr("answered 503 AUD-004 no room"));
}

TEST_F(SenderTest, BrokenAndSilentConnectionsAreTriedAgain) {
  const ScriptedServer server([](const Request& request) {
    if (request.number == 0) return Reply{.bytes = "", .close = true};
    if (request.number == 1) return Reply{.bytes = "HTTP/1.1 ", .hang = true};
    return ScriptedServer::Answer(202, "{}");
  });
  const Result<Answer> answer = Post(server);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(waits_.size(), 2U);
}

TEST_F(SenderTest, RefusalIsFinal) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(422, "{}"); });
  const Result<Answer> answer = Post(server);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 422);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(SenderTest, GivesUpWhenItsTimeIsOverAndSaysWhatItLastHeard) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(503, "busy"); });
  const Result<Answer> answer = Post(server, {.give_up_after = milliseconds(5'000)});
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("HTTP 503 with: busy: gave up"));
  EXPECT_EQ(clock_.SteadyNow().time_since_epoch(), milliseconds(5'000));
}

TEST_F(SenderTest, StopsWhenToldToWhileWaiting) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(503, ""); });
  stop_after_ = 2;
  const Result<Answer> answer = Post(server);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kClosed);
  EXPECT_EQ(server.requests().size(), 2U);
}

}  // namespace
}  // namespace audit::client
