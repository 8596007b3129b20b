#include "telemetry/sharded_sum.h"

namespace audit::telemetry {

std::size_t ShardOfThisThread() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t shard = next.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shard;
}

void ShardedSum::Add(double amount) { shards_[ShardOfThisThread()].sum.fetch_add(amount, std::memory_order_relaxed); }

double ShardedSum::Total() const {
  double total = 0;
  for (const Shard& shard : shards_) total += shard.sum.load(std::memory_order_relaxed);
  return total;
}

ShardedBuckets::ShardedBuckets(std::size_t buckets)
    : buckets_(buckets),
      lines_of_shard_((buckets + kCountsOfLine - 1) / kCountsOfLine),
      lines_(kShards * lines_of_shard_) {}

void ShardedBuckets::Observe(std::size_t bucket, double value) {
  Line& line = lines_[ShardOfThisThread() * lines_of_shard_ + bucket / kCountsOfLine];
  line.counts[bucket % kCountsOfLine].fetch_add(1, std::memory_order_relaxed);
  sum_.Add(value);
}

ShardedBuckets::Totals ShardedBuckets::Read() const {
  Totals totals{.counts = std::vector<std::uint64_t>(buckets_), .sum = sum_.Total()};
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    for (std::size_t bucket = 0; bucket < buckets_; ++bucket) {
      const Line& line = lines_[shard * lines_of_shard_ + bucket / kCountsOfLine];
      totals.counts[bucket] += line.counts[bucket % kCountsOfLine].load(std::memory_order_relaxed);
    }
  }
  return totals;
}

}  // namespace audit::telemetry
