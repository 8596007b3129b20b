// Sums that many threads add to at once: each thread adds in a shard of its own as far as there are
// enough, so that the cache line does not travel between cores. prometheus-cpp's own instruments
// share one line, and its histogram takes a mutex: two threads at it cost each other 83 ns an
// observation against 34 ns alone (metrics_bench.cc).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace audit::telemetry {

inline constexpr std::size_t kShards = 16;          // power of two; past the cores of most machines it serves
inline constexpr std::size_t kCacheLineBytes = 64;  // of the processors that Debian's amd64 and arm64 run on

// The shard of the calling thread; threads get them in turn.
[[nodiscard]] std::size_t ShardOfThisThread();

// Any thread.
class ShardedSum {
 public:
  void Add(double amount);
  [[nodiscard]] double Total() const;

 private:
  struct alignas(kCacheLineBytes) Shard {
    std::atomic<double> sum{0};
  };
  std::array<Shard, kShards> shards_;
};

// Counts by bucket, and the sum of what was observed. Any thread.
class ShardedBuckets {
 public:
  explicit ShardedBuckets(std::size_t buckets);

  // `bucket` is below the number given to the constructor.
  void Observe(std::size_t bucket, double value);

  struct Totals {
    std::vector<std::uint64_t> counts;
    double sum = 0;
  };
  [[nodiscard]] Totals Read() const;

 private:
  static constexpr std::size_t kCountsOfLine = kCacheLineBytes / sizeof(std::uint64_t);
  struct alignas(kCacheLineBytes) Line {
    std::array<std::atomic<std::uint64_t>, kCountsOfLine> counts{};
  };

  const std::size_t buckets_;
  const std::size_t lines_of_shard_;
  std::vector<Line> lines_;  // lines_of_shard_ for each shard in turn
  ShardedSum sum_;
};

}  // namespace audit::telemetry
