#include "api/health.h"

#include <gtest/gtest.h>

#include <chrono>

namespace audit::api {
namespace {

using std::chrono::seconds;
constexpr env::SteadyTime kStart{seconds{1'000}};

TEST(Health, NothingIsReadyBeforeTheStartIsComplete) {
  const Health health(true);
  EXPECT_EQ(health.Ready(), &problems::kStarting);
  EXPECT_EQ(health.Healthy(kStart), &problems::kStarting);
}

TEST(Health, ReadyDoesNotDependOnTheStore) {
  Health health(true);
  health.Enter(Health::Phase::kServing);
  EXPECT_EQ(health.Ready(), nullptr);
  EXPECT_EQ(health.Healthy(kStart), &problems::kStoreUnreachable);
}

TEST(Health, StoreIsReachableFromOneGoodProbeToTheNextBadOne) {
  Health health(true);
  health.Enter(Health::Phase::kServing);
  health.OnStoreProbe(true, kStart);
  EXPECT_EQ(health.Healthy(kStart + seconds{1}), nullptr);
  health.OnStoreProbe(false, kStart + seconds{1});
  EXPECT_EQ(health.Healthy(kStart + seconds{1}), &problems::kStoreUnreachable);
  health.OnStoreProbe(true, kStart + seconds{2});
  EXPECT_EQ(health.Healthy(kStart + seconds{2}), nullptr);
}

TEST(Health, ProbeThatHangsCountsAsUnreachable) {
  Health health(true);
  health.Enter(Health::Phase::kServing);
  health.OnStoreProbe(true, kStart);
  EXPECT_EQ(health.Healthy(kStart + Health::kProbeLapse), nullptr);
  EXPECT_EQ(health.Healthy(kStart + Health::kProbeLapse + seconds{1}), &problems::kStoreUnreachable);
}

TEST(Health, InstanceWithoutStoreDoesNotSpeakOfIt) {
  Health health(false);
  health.Enter(Health::Phase::kServing);
  EXPECT_EQ(health.Healthy(kStart), nullptr);
}

TEST(Health, StoppingIsNotReady) {
  Health health(false);
  health.Enter(Health::Phase::kServing);
  health.Enter(Health::Phase::kStopping);
  EXPECT_EQ(health.Ready(), &problems::kStopping);
}

TEST(Health, FailureStays) {
  Health health(false);
  health.Enter(Health::Phase::kFailed);
  health.Enter(Health::Phase::kServing);
  health.Enter(Health::Phase::kStopping);
  EXPECT_EQ(health.Ready(), &problems::kFailed);
}

}  // namespace
}  // namespace audit::api
