#include "client/retry.h"

#include <gtest/gtest.h>

#include "env/manual_clock.h"

namespace audit::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 2026-11-24T10:00:00Z
constexpr time::UnixMicros kNow{1'795'514'400'000'000};

TEST(RetryAfter, IsSecondsOrADateMeasuredFromNow) {
  EXPECT_EQ(ParseRetryAfter("3", kNow), seconds(3));
  EXPECT_EQ(ParseRetryAfter("0", kNow), seconds(0));
  EXPECT_EQ(ParseRetryAfter("Tue, 24 Nov 2026 10:00:30 GMT", kNow), seconds(30));
  EXPECT_EQ(ParseRetryAfter("Tue, 24 Nov 2026 10:00:30 GMT", {kNow.value + 1}), seconds(30));
  EXPECT_EQ(ParseRetryAfter("Tue, 24 Nov 2026 09:00:00 GMT", kNow), seconds(0));
}

TEST(RetryAfter, AnythingElseIsIgnored) {
  for (const char* value : {"", "-1", "1.5", "soon", "3 s", "Tue, 24 Foo 2026 10:00:30 GMT",
                            "Tue, 24 Nov 2026 10:00:30 CET", "99999999999999999999"}) {
    EXPECT_EQ(ParseRetryAfter(value, kNow), std::nullopt) << value;
  }
}

TEST(Retry, OnlyStatusesThatPassAreTriedAgain) {
  for (const int status : {408, 429, 502, 503, 504}) EXPECT_TRUE(IsRetryable(status)) << status;
  for (const int status : {200, 202, 400, 401, 403, 404, 413, 415, 422, 500, 501}) {
    EXPECT_FALSE(IsRetryable(status)) << status;
  }
}

class BackoffTest : public testing::Test {
 protected:
  env::ManualClock clock_{kNow};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(7);
  RetryPolicy policy_{.initial = milliseconds(100), .max = milliseconds(1'000), .give_up_after = milliseconds(60'000)};
};

TEST_F(BackoffTest, WaitsDoubleUpToTheLargestAndAreJittered) {
  Backoff backoff(policy_, clock_.SteadyNow());
  milliseconds full{100};
  for (int attempt = 0; attempt < 8; ++attempt) {
    const auto wait = backoff.Next(clock_.SteadyNow(), std::nullopt, *random_);
    ASSERT_TRUE(wait.has_value());
    EXPECT_GE(*wait, full / 2);
    EXPECT_LE(*wait, full);
    full = std::min(full * 2, milliseconds(1'000));
  }
}

TEST_F(BackoffTest, TwoClientsDoNotWaitAlike) {
  Backoff one(policy_, clock_.SteadyNow());
  Backoff other(policy_, clock_.SteadyNow());
  int different = 0;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const auto a = one.Next(clock_.SteadyNow(), std::nullopt, *random_);
    const auto b = other.Next(clock_.SteadyNow(), std::nullopt, *random_);
    if (a != b) ++different;
  }
  EXPECT_GT(different, 5);
}

TEST_F(BackoffTest, NeverComesBackBeforeTheServiceAsked) {
  Backoff backoff(policy_, clock_.SteadyNow());
  EXPECT_EQ(backoff.Next(clock_.SteadyNow(), seconds(5), *random_), milliseconds(5'000));
}

TEST_F(BackoffTest, AskedToComeBackTooLateItGivesUpAtOnce) {
  Backoff backoff(policy_, clock_.SteadyNow());
  EXPECT_EQ(backoff.Next(clock_.SteadyNow(), seconds(61), *random_), std::nullopt);
}

TEST_F(BackoffTest, LastAttemptIsAtTheDeadlineAndNoneAfterIt) {
  Backoff backoff(policy_, clock_.SteadyNow());
  clock_.Advance(milliseconds(59'990));
  EXPECT_EQ(backoff.Next(clock_.SteadyNow(), std::nullopt, *random_), milliseconds(10));
  clock_.Advance(milliseconds(10));
  EXPECT_EQ(backoff.Next(clock_.SteadyNow(), std::nullopt, *random_), std::nullopt);
}

}  // namespace
}  // namespace audit::client
