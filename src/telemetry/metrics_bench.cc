// What an update costs on the hot path, beside prometheus-cpp's own instruments.
#include "telemetry/metrics.h"

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <array>

namespace audit::telemetry {
namespace {

constexpr std::array kBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                              0.025,  0.05,    0.1,    0.25,  0.5,    1.0,   2.5};
constexpr double kValue = 0.0003;

Metrics& Registry() {
  static Metrics metrics;
  return metrics;
}

void CounterAdd(benchmark::State& state) {
  Counter& counter = Registry().AddCounter("bench_total", "Bench.");
  for (auto _ : state) counter.Increment();
}

void HistogramObserve(benchmark::State& state) {
  Histogram& histogram = Registry().AddHistogram("bench_seconds", "Bench.", kBuckets);
  for (auto _ : state) histogram.Observe(kValue);
}

void PrometheusCounterAdd(benchmark::State& state) {
  static prometheus::Counter counter;
  for (auto _ : state) counter.Increment(1);
}

void PrometheusHistogramObserve(benchmark::State& state) {
  static prometheus::Histogram histogram({kBuckets.begin(), kBuckets.end()});
  for (auto _ : state) histogram.Observe(kValue);
}

BENCHMARK(CounterAdd)->ThreadRange(1, 2);
BENCHMARK(PrometheusCounterAdd)->ThreadRange(1, 2);
BENCHMARK(HistogramObserve)->ThreadRange(1, 2);
BENCHMARK(PrometheusHistogramObserve)->ThreadRange(1, 2);

}  // namespace
}  // namespace audit::telemetry
