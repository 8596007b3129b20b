#include "kafka/offset_commits.h"

#include <utility>

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;

// Until offsets whose commit failed are sent once more.
constexpr milliseconds kAgainAfter{1'000};

}  // namespace

void OffsetCommits::Add(const std::map<std::int32_t, std::int64_t>& offsets) {
  for (const auto& [partition, offset] : offsets) uncommitted_[partition] = offset;
}

void OffsetCommits::Drop(std::span<const std::int32_t> partitions) {
  for (const std::int32_t partition : partitions) {
    uncommitted_.erase(partition);
    sent_.erase(partition);
  }
}

void OffsetCommits::Clear() {
  uncommitted_.clear();
  sent_.clear();
}

Result<void> OffsetCommits::Start(GroupConsumer& consumer) {
  sent_at_ = clock_.SteadyNow();
  if (auto started = consumer.StartCommit(uncommitted_); !started) return started;
  sent_ = uncommitted_;
  return {};
}

Result<void> OffsetCommits::Finish(GroupConsumer& consumer, milliseconds patience) {
  if (sent_.empty()) return {};
  const auto answer = consumer.CommitAnswer(patience);
  if (!answer) {
    if (clock_.SteadyNow() - sent_at_ < options_.commit_timeout) return {};
    sent_.clear();
    return Error(ErrorCode::kTimeout, "commit offsets of the group " + options_.group + ": no answer in time");
  }
  const auto answered = std::exchange(sent_, {});
  if (!*answer) return *answer;
  for (const auto& [partition, offset] : answered) {
    partitions_.Committed(partition, offset);
    const auto found = uncommitted_.find(partition);
    if (found != uncommitted_.end() && found->second == offset) uncommitted_.erase(found);
  }
  return {};
}

Result<void> OffsetCommits::GoOn(GroupConsumer& consumer) {
  if (auto finished = Finish(consumer, milliseconds(0)); !finished) return finished;
  if (!sent_.empty() || uncommitted_.empty() || clock_.SteadyNow() - sent_at_ < kAgainAfter) return {};
  return Start(consumer);
}

void OffsetCommits::End(GroupConsumer& consumer, milliseconds patience) {
  if (!sent_.empty() || uncommitted_.empty() || Start(consumer).ok()) (void)Finish(consumer, patience);
  Clear();
}

}  // namespace audit::kafka
