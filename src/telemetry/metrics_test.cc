#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <thread>
#include <vector>

namespace audit::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Label = Metrics::Label;

TEST(Metrics, AGaugeWhoseValueIsNotKnownHasNoSample) {
  Metrics metrics;
  Gauge& gauge = metrics.AddGauge("lag", "How far behind.");
  gauge.Set(3);
  gauge.Clear();
  EXPECT_THAT(metrics.Expose(), Not(HasSubstr("\nlag ")));
  gauge.Set(0);
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nlag 0\n"));
}

TEST(Metrics, CountsAreExposedWithHelpTypeAndLabels) {
  Metrics metrics;
  const std::array labels{Label{"route", "/events"}, Label{"status", "202"}};
  Counter& counter = metrics.AddCounter("requests_total", "Requests answered.", labels);
  counter.Increment();
  counter.Add(2);
  EXPECT_EQ(metrics.Expose(),
            "# HELP requests_total Requests answered.\n"
            "# TYPE requests_total counter\n"
            "requests_total{route=\"/events\",status=\"202\"} 3\n");
}

TEST(Metrics, ACounterNeverFalls) {
  Metrics metrics;
  Counter& counter = metrics.AddCounter("c_total", "C.");
  counter.RaiseTo(7);
  counter.Add(-3);
  counter.RaiseTo(5);
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nc_total 7\n"));
  counter.RaiseTo(9);
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nc_total 9\n"));
}

TEST(Metrics, AskingAgainGivesTheSameInstrument) {
  Metrics metrics;
  const std::array one{Label{"a", "1"}, Label{"b", "2"}};
  const std::array other_order{Label{"b", "2"}, Label{"a", "1"}};
  const std::array other_value{Label{"a", "1"}, Label{"b", "3"}};
  EXPECT_EQ(&metrics.AddCounter("c_total", "C.", one), &metrics.AddCounter("c_total", "C.", other_order));
  EXPECT_NE(&metrics.AddCounter("c_total", "C.", one), &metrics.AddCounter("c_total", "C.", other_value));
}

TEST(Metrics, BucketBoundsAreInclusiveAndCountsCumulative) {
  Metrics metrics;
  Histogram& histogram = metrics.AddHistogram("h_seconds", "H.", std::array{0.1, 1.0});
  histogram.Observe(0.1);
  histogram.Observe(0.5);
  histogram.Observe(1.5);
  EXPECT_EQ(metrics.Expose(),
            "# HELP h_seconds H.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_count 3\n"
            "h_seconds_sum 2.1\n"
            "h_seconds_bucket{le=\"0.1\"} 1\n"
            "h_seconds_bucket{le=\"1\"} 2\n"
            "h_seconds_bucket{le=\"+Inf\"} 3\n");
}

TEST(Metrics, AHistogramWithManyBucketsKeepsThemApart) {
  Metrics metrics;
  std::vector<double> bounds;
  for (int i = 1; i <= 20; ++i) bounds.push_back(i);
  Histogram& histogram = metrics.AddHistogram("h", "H.", bounds);
  for (const double bound : bounds) histogram.Observe(bound);
  const std::string text = metrics.Expose();
  for (int i = 1; i <= 20; ++i) {
    EXPECT_THAT(text, HasSubstr("h_bucket{le=\"" + std::to_string(i) + "\"} " + std::to_string(i) + "\n"));
  }
}

TEST(Metrics, NothingIsLostBetweenThreads) {
  Metrics metrics;
  Counter& counter = metrics.AddCounter("c_total", "C.");
  Histogram& histogram = metrics.AddHistogram("h", "H.", std::array{1.0});
  constexpr int kThreads = 20;  // more than there are shards
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) {
        counter.Increment();
        histogram.Observe(n % 2 == 0 ? 0.5 : 2);
      }
    });
  }
  for (int i = 0; i < 10; ++i) static_cast<void>(metrics.Expose());
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Expose();
  EXPECT_THAT(text, HasSubstr("\nc_total 20000\n"));
  EXPECT_THAT(text, HasSubstr("\nh_bucket{le=\"1\"} 10000\n"));
  EXPECT_THAT(text, HasSubstr("\nh_sum 25000\n"));
}

TEST(Metrics, CollectorsRunBeforeEachExpositionAndMayAddSeries) {
  Metrics metrics;
  int runs = 0;
  metrics.AddCollector([&] { metrics.AddGauge("runs", "R.").Set(++runs); });
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nruns 1\n"));
  EXPECT_THAT(metrics.Expose(), HasSubstr("\nruns 2\n"));
}

TEST(Metrics, LabelValuesAreEscaped) {
  Metrics metrics;
  const std::array labels{Label{"path", "a\"b\\c\nd"}};
  metrics.AddGauge("g", "G.", labels).Set(1);
  EXPECT_THAT(metrics.Expose(), HasSubstr(R"(g{path="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, FamiliesAreInTheOrderOfTheirNames) {
  Metrics metrics;
  metrics.AddHistogram("b", "B.", std::array{1.0});
  metrics.AddCounter("c_total", "C.");
  metrics.AddGauge("a", "A.");
  const std::string text = metrics.Expose();
  EXPECT_LT(text.find("# HELP a "), text.find("# HELP b "));
  EXPECT_LT(text.find("# HELP b "), text.find("# HELP c_total "));
}

TEST(MetricsDeathTest, MistakesEndTheProcessWithTheName) {
  Metrics metrics;
  metrics.AddCounter("c_total", "C.");
  EXPECT_DEATH(metrics.AddGauge("c_total", "C."), "metric c_total: is known with another type");
  EXPECT_DEATH(metrics.AddGauge("not a name", "N."), "metric not a name: ");
  EXPECT_DEATH(metrics.AddHistogram("h", "H.", std::array{2.0, 1.0}), "metric h: has buckets");
  EXPECT_DEATH(metrics.AddGauge("g", "G.", std::array{Label{"__x", "1"}}), "metric g: has a label");
}

}  // namespace
}  // namespace audit::telemetry
