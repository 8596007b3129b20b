#include "client/batch_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/scripted_server.h"

namespace audit::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

// Events are numbers here: {"events":[1,2,3]}.
std::vector<int> EventsOf(const std::string& body) {
  std::vector<int> events;
  for (std::size_t at = body.find('[') + 1; at < body.size() && body[at] != ']';) {
    std::size_t used = 0;
    events.push_back(std::stoi(body.substr(at), &used));
    at += used;
    if (body[at] == ',') ++at;
  }
  return events;
}

std::string ErrorBody(const std::string& code, const std::string& path) {
  return R"({"errorCode":")" + code + R"(","message":"no","path":")" + path + R"("})";
}

Reply Refuse(int status, const std::string& entries) {
  return ScriptedServer::Answer(status, R"({"response":null,"errors":[)" + entries + "]}");
}

// A service that keeps what it takes, in order.
class BatchSenderTest : public testing::Test {
 protected:
  using Verdict = std::function<std::optional<Reply>(const std::vector<int>& events)>;

  BatchResult Send(std::size_t count, Verdict verdict) {
    server_ = std::make_unique<ScriptedServer>([this, verdict = std::move(verdict)](const Request& request) {
      const std::vector<int> events = EventsOf(request.body);
      if (auto refusal = verdict(events)) return *refusal;
      const env::MutexLock lock(mutex_);
      taken_.insert(taken_.end(), events.begin(), events.end());
      return ScriptedServer::Answer(202, "{}");
    });
    http_ = *HttpClient::Create({.base = *ParseUrl(server_->url())});
    sender_ = std::make_unique<Sender>(*http_, RetryPolicy{}, env::SystemClock(), *random_,
                                       Sender::Hooks{.wait = [](auto) { return false; }, .on_retry = {}});
    BatchSender batches(*sender_);
    for (std::size_t i = 0; i < count; ++i) texts_.push_back(std::to_string(i));
    const std::vector<std::string_view> views(texts_.begin(), texts_.end());
    return batches.Send(views);
  }

  std::vector<int> Taken() {
    const env::MutexLock lock(mutex_);
    return taken_;
  }

  env::Mutex mutex_;
  std::vector<int> taken_ GUARDED_BY(mutex_);
  std::vector<std::string> texts_;
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<Sender> sender_;
};

// Names every event of `bad` that is in the batch.
auto RefusesByIndex(std::set<int> bad, std::size_t at_most = 20) {
  return [bad = std::move(bad), at_most](const std::vector<int>& events) -> std::optional<Reply> {
    std::string entries;
    std::size_t named = 0;
    for (std::size_t i = 0; i < events.size() && named < at_most; ++i) {
      if (!bad.contains(events[i])) continue;
      entries += (entries.empty() ? "" : ",") + ErrorBody("AUD-002", "events[" + std::to_string(i) + "].data.outcome");
      ++named;
    }
    if (entries.empty()) return std::nullopt;
    return Refuse(422, entries);
  };
}

TEST_F(BatchSenderTest, GoodBatchGoesInOneRequest) {
  const BatchResult result = Send(5, RefusesByIndex({}));
  EXPECT_EQ(result.accepted, 5U);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_FALSE(result.error.has_value());
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(BatchSenderTest, CulpritsAreNamedAndTheOthersSentAgainInOrder) {
  const BatchResult result = Send(6, RefusesByIndex({1, 4}));
  EXPECT_EQ(result.accepted, 4U);
  EXPECT_THAT(Taken(), ElementsAre(0, 2, 3, 5));
  ASSERT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(result.refused[0].index, 1U);
  EXPECT_EQ(result.refused[0].refusals.at(0).path, "data.outcome");
  EXPECT_EQ(result.refused[1].index, 4U);
  EXPECT_EQ(server_->requests().size(), 2U);
}

TEST_F(BatchSenderTest, MoreCulpritsThanOneAnswerNamesAreFoundByTheNext) {
  const BatchResult result = Send(10, RefusesByIndex({0, 2, 3, 5, 7, 9}, 2));
  EXPECT_EQ(result.accepted, 4U);
  EXPECT_EQ(result.refused.size(), 6U);
  EXPECT_EQ(result.refused.back().index, 9U);
  EXPECT_THAT(Taken(), ElementsAre(1, 4, 6, 8));
}

TEST_F(BatchSenderTest, BatchOfCulpritsOnlyIsNotSentEmpty) {
  const BatchResult result = Send(2, RefusesByIndex({0, 1}));
  EXPECT_EQ(result.accepted, 0U);
  EXPECT_EQ(result.refused.size(), 2U);
  EXPECT_EQ(server_->requests().size(), 1U);
}

TEST_F(BatchSenderTest, CulpritThatNobodyNamesIsFoundByHalving) {
  const BatchResult result = Send(8, [](const std::vector<int>& events) -> std::optional<Reply> {
    if (std::ranges::find(events, 5) == events.end()) return std::nullopt;
    return Refuse(400, ErrorBody("AUD-001", ""));
  });
  EXPECT_EQ(result.accepted, 7U);
  EXPECT_THAT(Taken(), ElementsAre(0, 1, 2, 3, 4, 6, 7));
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].index, 5U);
  EXPECT_EQ(result.refused[0].refusals.at(0).code, "AUD-001");
}

TEST_F(BatchSenderTest, LowerLimitOfTheServiceIsLearnt) {
  const auto limit = [](const std::vector<int>& events) -> std::optional<Reply> {
    if (events.size() <= 2) return std::nullopt;
    return Refuse(400, ErrorBody("AUD-007", "events"));
  };
  EXPECT_EQ(Send(8, limit).accepted, 8U);
  EXPECT_THAT(Taken(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  // 8 and 4 were refused, then four times 2 went in: nothing above was tried again.
  EXPECT_EQ(server_->requests().size(), 6U);
}

TEST_F(BatchSenderTest, IndexOutsideTheBatchAccusesNobodyOutside) {
  const BatchResult result = Send(1, [](const std::vector<int>&) -> std::optional<Reply> {
    return Refuse(422, ErrorBody("AUD-002", "events[7].id"));
  });
  EXPECT_EQ(result.accepted, 0U);
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].index, 0U);
}

TEST_F(BatchSenderTest, AnswerThatIsNotAboutTheEventsStopsAndLeavesThemUnsent) {
  const BatchResult result = Send(
      3, [](const std::vector<int>&) -> std::optional<Reply> { return ScriptedServer::Answer(404, "nothing here"); });
  EXPECT_EQ(result.accepted, 0U);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_THAT(result.unsent, ElementsAre(0U, 1U, 2U));
  ASSERT_TRUE(result.error.has_value());
  EXPECT_THAT(result.error->message(), HasSubstr("404"));
}

TEST_F(BatchSenderTest, FailureInTheMiddleLeavesOnlyTheRestUnsent) {
  const BatchResult result = Send(4, [](const std::vector<int>& events) -> std::optional<Reply> {
    if (events.size() == 4) return Refuse(413, ErrorBody("AUD-008", ""));
    if (events.front() == 0) return std::nullopt;
    return ScriptedServer::Answer(503, "");
  });
  EXPECT_EQ(result.accepted, 2U);
  EXPECT_THAT(result.unsent, ElementsAre(2U, 3U));
  EXPECT_EQ(result.error->code(), ErrorCode::kClosed);
}

}  // namespace
}  // namespace audit::client
