// Latencies counted in buckets that are at most 1.6 % wide: constant memory, exact counts.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace audit::bench {

class LatencyHistogram {
 public:
  void Add(std::chrono::nanoseconds latency) {
    const auto nanos = static_cast<std::uint64_t>(latency.count());
    ++counts_[IndexOf(nanos)];
    ++total_;
    if (nanos > max_) max_ = nanos;
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] double max_us() const { return static_cast<double>(max_) / 1e3; }

  // The latency that the given share of all (0 to 1) did not pass; 0 when there is none.
  [[nodiscard]] double QuantileUs(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return static_cast<double>(std::min(UpperBoundOf(i), max_)) / 1e3;
    }
    return max_us();
  }

 private:
  // Below 64 ns a bucket a nanosecond; above, 64 buckets a power of two.
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kPerPower = std::size_t{1} << kBits;

  static std::size_t IndexOf(std::uint64_t nanos) {
    if (nanos < kPerPower) return nanos;
    const auto shift = static_cast<unsigned>(std::bit_width(nanos)) - 1 - kBits;
    return (shift + 1) * kPerPower + ((nanos >> shift) - kPerPower);
  }
  static std::uint64_t UpperBoundOf(std::size_t index) {
    if (index < kPerPower) return index;
    const std::size_t shift = index / kPerPower - 1;
    return ((index % kPerPower + kPerPower + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (65 - kBits) * kPerPower> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace audit::bench
