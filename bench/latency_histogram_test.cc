#include "latency_histogram.h"

#include <gtest/gtest.h>

namespace audit::bench {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogram, QuantilesAreWithinTwoPercent) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.Add(nanoseconds(i * 1'000));
  EXPECT_NEAR(histogram.QuantileUs(0.5), 50'000, 50'000 * 0.02);
  EXPECT_NEAR(histogram.QuantileUs(0.99), 99'000, 99'000 * 0.02);
  EXPECT_NEAR(histogram.QuantileUs(0.999), 99'900, 99'900 * 0.02);
  EXPECT_EQ(histogram.total(), 100'000U);
}

TEST(LatencyHistogram, NoQuantileIsPastTheLongest) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(1'000'001));
  EXPECT_EQ(histogram.QuantileUs(0.5), histogram.max_us());
  EXPECT_EQ(histogram.QuantileUs(1), histogram.max_us());
}

TEST(LatencyHistogram, TakesWhatIsShortAndWhatIsVeryLong) {
  LatencyHistogram histogram;
  histogram.Add(nanoseconds(0));
  histogram.Add(nanoseconds(63));
  histogram.Add(nanoseconds::max());
  EXPECT_EQ(histogram.QuantileUs(0.5), 0.063);
  EXPECT_EQ(histogram.total(), 3U);
}

TEST(LatencyHistogram, WithoutLatenciesThereIsNone) { EXPECT_EQ(LatencyHistogram().QuantileUs(0.99), 0); }

}  // namespace
}  // namespace audit::bench
