// Every metric of the process, by name, in one place (Prometheus text format, contract section 1).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace audit::telemetry {

// Monotonic. Any thread; one relaxed atomic add.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double amount) = 0;
  void Increment() { Add(1); }
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// Instruments live as long as the registry; ask for one once and keep the reference.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  struct Label {
    std::string name;
    std::string value;
  };
  Counter& AddCounter(const std::string& name, const std::string& help, std::span<const Label> labels = {});
  Gauge& AddGauge(const std::string& name, const std::string& help, std::span<const Label> labels = {});
  Histogram& AddHistogram(const std::string& name, const std::string& help, std::span<const double> buckets,
                          std::span<const Label> labels = {});

  // Runs before every Expose, to read what other rooms count for themselves.
  void AddCollector(std::function<void()> collect);

  // Text format 0.0.4. Any thread.
  [[nodiscard]] std::string Expose();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::telemetry
