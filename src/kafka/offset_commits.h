// The offsets behind what was dealt with, on their way into the group. A batch's are sent off, and the answer is
// looked at with the next batch: it takes a round trip to the coordinator, in which that one is read and stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>

#include "env/clock.h"
#include "errors/result.h"
#include "kafka/group_consumer.h"
#include "kafka/kafka_source.h"
#include "kafka/partition_table.h"

namespace audit::kafka {

// One thread at a time. What fails stays, and goes with what is sent next.
class OffsetCommits {
 public:
  // All outlive it. `partitions` is told what is committed.
  OffsetCommits(const SourceOptions& options, env::Clock& clock, PartitionTable& partitions)
      : options_(options), clock_(clock), partitions_(partitions) {}

  void Add(const std::map<std::int32_t, std::int64_t>& offsets);
  // They are another member's now.
  void Drop(std::span<const std::int32_t> partitions);
  void Clear();

  Result<void> Start(GroupConsumer& consumer);
  // The answer to what is on its way, if there is something. None within `patience` is no error until
  // options.commit_timeout has passed.
  Result<void> Finish(GroupConsumer& consumer, std::chrono::milliseconds patience);
  // For as long as no batch follows, whose commit would look at the answer and send again what failed. Never waits.
  Result<void> GoOn(GroupConsumer& consumer);
  // The last chance: waits `patience` for all that is left, which is forgotten then.
  void End(GroupConsumer& consumer, std::chrono::milliseconds patience);

 private:
  const SourceOptions& options_;
  env::Clock& clock_;
  PartitionTable& partitions_;
  std::map<std::int32_t, std::int64_t> uncommitted_;  // as far as is known
  std::map<std::int32_t, std::int64_t> sent_;         // of these, on their way
  env::SteadyTime sent_at_;
};

}  // namespace audit::kafka
