#include "kafka/partition_table.h"

#include <algorithm>

namespace audit::kafka {

void PartitionTable::Add(std::span<const std::int32_t> partitions) {
  for (const std::int32_t partition : partitions) standings_[partition] = {};
}

void PartitionTable::Remove(std::span<const std::int32_t> partitions) {
  for (const std::int32_t partition : partitions) standings_.erase(partition);
}

Standing* PartitionTable::Find(std::int32_t partition) {
  const auto found = standings_.find(partition);
  return found == standings_.end() ? nullptr : &found->second;
}

std::vector<std::int32_t> PartitionTable::All() const {
  std::vector<std::int32_t> all;
  all.reserve(standings_.size());
  for (const auto& [partition, standing] : standings_) all.push_back(partition);
  return all;
}

std::vector<std::int32_t> PartitionTable::Unknown() const {
  std::vector<std::int32_t> unknown;
  for (const auto& [partition, standing] : standings_) {
    if (!standing.asked) unknown.push_back(partition);
  }
  return unknown;
}

void PartitionTable::Know(std::int32_t partition, std::optional<std::int64_t> committed) {
  Standing* standing = Find(partition);
  if (standing == nullptr) return;
  standing->asked = true;
  standing->committed = committed;
  standing->next = committed;
  if (const auto last = last_committed_.find(partition); !committed && last != last_committed_.end()) {
    standing->next = last->second;
  }
}

void PartitionTable::Committed(std::int32_t partition, std::int64_t offset) {
  last_committed_[partition] = offset;
  if (Standing* standing = Find(partition)) standing->committed = offset;
}

}  // namespace audit::kafka
