#include "pipeline/backoff.h"

#include <gtest/gtest.h>

namespace audit::pipeline {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesWithJitterUpToItsBoundAndStartsAgainAfterReset) {
  const auto random = env::NewSeededRandom(7);
  Backoff backoff(milliseconds(100), milliseconds(1'000), *random);
  milliseconds bound(100);
  for (int attempt = 0; attempt < 12; ++attempt) {
    const milliseconds wait = backoff.Next();
    EXPECT_GE(wait, bound / 2) << "attempt " << attempt;
    EXPECT_LE(wait, bound) << "attempt " << attempt;
    bound = std::min(bound * 2, milliseconds(1'000));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(100));
}

TEST(BackoffTest, TwoReplicasDoNotWaitInStep) {
  const auto first = env::NewSeededRandom(1);
  const auto second = env::NewSeededRandom(2);
  Backoff one(milliseconds(100), milliseconds(30'000), *first);
  Backoff other(milliseconds(100), milliseconds(30'000), *second);
  bool differ = false;
  for (int attempt = 0; attempt < 8; ++attempt) differ = one.Next() != other.Next() || differ;
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace audit::pipeline
