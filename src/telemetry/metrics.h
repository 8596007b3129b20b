// Every metric of the process, by name, in one place (Prometheus text format, contract section 1).
// Instruments are made for the hot path: an update touches a cache line that few threads share and
// takes no lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace audit::telemetry {

// Monotonic. Any thread.
class Counter {
 public:
  virtual ~Counter() = default;
  // Adds `amount`, which is not negative; a negative one changes nothing.
  virtual void Add(double amount) = 0;
  void Increment() { Add(1); }
  // For a collector alone: brings the counter up to `total`, which something else counts. A lower
  // total changes nothing.
  virtual void RaiseTo(double total) = 0;
};

// Any thread.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  // The value is not known: there is no sample until the next Set.
  virtual void Clear() = 0;
};

// Any thread.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

// Instruments live as long as the registry; ask for one once and keep the reference. Asking again
// with the same name and labels gives the same one. Any thread. A name that is malformed, or known
// with another type, is a mistake in the program and ends it with the name.
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
  // `buckets` are the upper bounds, inclusive and rising; +Inf is added.
  Histogram& AddHistogram(const std::string& name, const std::string& help, std::span<const double> buckets,
                          std::span<const Label> labels = {});

  // Runs before every Expose, one at a time, to read what other rooms count for themselves. It may
  // ask for new instruments, but not call AddCollector or Expose. What it refers to outlives the
  // registry, or every caller of Expose is gone before.
  void AddCollector(std::function<void()> collect);

  // Text format 0.0.4, families in the order of their names.
  [[nodiscard]] std::string Expose();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::telemetry
