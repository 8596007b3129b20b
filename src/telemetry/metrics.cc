#include "telemetry/metrics.h"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "env/mutex.h"
#include "telemetry/sharded_sum.h"

namespace audit::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::map<std::string, std::string>;

class CounterCell final : public Counter {
 public:
  void Add(double amount) override {
    if (amount > 0) sum_.Add(amount);
  }
  void RaiseTo(double total) override { Add(total - sum_.Total()); }
  [[nodiscard]] bool known() const { return true; }
  void Read(ClientMetric& metric) const { metric.counter.value = sum_.Total(); }

 private:
  ShardedSum sum_;
};

class GaugeCell final : public Gauge {
 public:
  void Set(double value) override {
    value_.store(value, std::memory_order_relaxed);
    known_.store(true, std::memory_order_relaxed);
  }
  void Clear() override { known_.store(false, std::memory_order_relaxed); }
  [[nodiscard]] bool known() const { return known_.load(std::memory_order_relaxed); }
  void Read(ClientMetric& metric) const { metric.gauge.value = value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
  std::atomic<bool> known_{true};
};

class HistogramCell final : public Histogram {
 public:
  explicit HistogramCell(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()), buckets_(bounds.size() + 1) {}

  void Observe(double value) override {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    buckets_.Observe(static_cast<std::size_t>(bound - bounds_.begin()), value);
  }

  [[nodiscard]] bool known() const { return true; }
  // The count is what the buckets hold, so that the two never disagree under load.
  void Read(ClientMetric& metric) const {
    const ShardedBuckets::Totals totals = buckets_.Read();
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < totals.counts.size(); ++i) {
      cumulative += totals.counts[i];
      const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({.cumulative_count = cumulative, .upper_bound = bound});
    }
    metric.histogram.sample_count = cumulative;
    metric.histogram.sample_sum = totals.sum;
  }

 private:
  const std::vector<double> bounds_;
  ShardedBuckets buckets_;
};

template <class Cell>
struct Family {
  std::string help;
  std::map<Labels, std::unique_ptr<Cell>> series;
};

template <class Cell>
using Families = std::map<std::string, Family<Cell>>;

[[noreturn]] void Mistake(const std::string& name, const char* what) {
  std::fprintf(stderr, "metric %s: %s\n", name.c_str(), what);
  std::abort();
}

Labels Checked(const std::string& name, std::span<const Metrics::Label> labels) {
  Labels checked;
  for (const Metrics::Label& label : labels) {
    if (!prometheus::CheckLabelName(label.name)) Mistake(name, "has a label with a name that Prometheus refuses");
    if (!checked.emplace(label.name, label.value).second) Mistake(name, "has a label twice");
  }
  return checked;
}

// The cell of `name` and `labels`, made with `arguments` if it is new.
template <class Cell, class... Arguments>
Cell& CellOf(Families<Cell>& families, const std::string& name, const std::string& help, Labels labels,
             Arguments&&... arguments) {
  Family<Cell>& family = families.try_emplace(name, Family<Cell>{.help = help, .series = {}}).first->second;
  std::unique_ptr<Cell>& cell = family.series[std::move(labels)];
  if (!cell) cell = std::make_unique<Cell>(std::forward<Arguments>(arguments)...);
  return *cell;
}

template <class Cell>
void Read(const Families<Cell>& families, MetricType type, std::vector<MetricFamily>& out) {
  for (const auto& [name, family] : families) {
    MetricFamily& read = out.emplace_back(MetricFamily{.name = name, .help = family.help, .type = type, .metric = {}});
    for (const auto& [labels, cell] : family.series) {
      if (!cell->known()) continue;
      ClientMetric& metric = read.metric.emplace_back();
      for (const auto& [label, value] : labels) metric.label.push_back({.name = label, .value = value});
      cell->Read(metric);
    }
  }
}

}  // namespace

struct Metrics::State {
  // Held while collectors run, hence never by a collector.
  env::Mutex collecting;
  std::vector<std::function<void()>> collectors GUARDED_BY(collecting);

  env::Mutex mutex;
  Families<CounterCell> counters GUARDED_BY(mutex);
  Families<GaugeCell> gauges GUARDED_BY(mutex);
  Families<HistogramCell> histograms GUARDED_BY(mutex);

  std::map<std::string, MetricType> types GUARDED_BY(mutex);

  void Check(const std::string& name, MetricType type) REQUIRES(mutex) {
    if (!prometheus::CheckMetricName(name)) Mistake(name, "not a name that Prometheus takes");
    if (types.try_emplace(name, type).first->second != type) Mistake(name, "is known with another type");
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::AddCounter(const std::string& name, const std::string& help, std::span<const Label> labels) {
  const env::MutexLock lock(state_->mutex);
  state_->Check(name, MetricType::Counter);
  return CellOf(state_->counters, name, help, Checked(name, labels));
}

Gauge& Metrics::AddGauge(const std::string& name, const std::string& help, std::span<const Label> labels) {
  const env::MutexLock lock(state_->mutex);
  state_->Check(name, MetricType::Gauge);
  return CellOf(state_->gauges, name, help, Checked(name, labels));
}

Histogram& Metrics::AddHistogram(const std::string& name, const std::string& help, std::span<const double> buckets,
                                 std::span<const Label> labels) {
  if (std::adjacent_find(buckets.begin(), buckets.end(), std::greater_equal<>()) != buckets.end()) {
    Mistake(name, "has buckets that do not rise");
  }
  const env::MutexLock lock(state_->mutex);
  state_->Check(name, MetricType::Histogram);
  return CellOf(state_->histograms, name, help, Checked(name, labels), buckets);
}

void Metrics::AddCollector(std::function<void()> collect) {
  const env::MutexLock lock(state_->collecting);
  state_->collectors.push_back(std::move(collect));
}

std::string Metrics::Expose() {
  std::vector<MetricFamily> families;
  {
    const env::MutexLock collecting(state_->collecting);
    for (const std::function<void()>& collect : state_->collectors) collect();
    const env::MutexLock lock(state_->mutex);
    Read(state_->counters, MetricType::Counter, families);
    Read(state_->gauges, MetricType::Gauge, families);
    Read(state_->histograms, MetricType::Histogram, families);
  }
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace audit::telemetry
