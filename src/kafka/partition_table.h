// The partitions that are this member's, and where it stands in each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace audit::kafka {

struct Standing {
  bool asked = false;    // for the group's offset
  bool flowing = false;  // it has given a message since it became ours
  // The group's offset; nothing: it has none.
  std::optional<std::int64_t> committed;
  // The offset of the next event to come from the log; nothing: wherever it begins.
  std::optional<std::int64_t> next;
};

class PartitionTable {
 public:
  // Where it stands in them is unknown, also where they were here before: the consumer begins them
  // again at the group's offset.
  void Add(std::span<const std::int32_t> partitions);
  void Remove(std::span<const std::int32_t> partitions);
  void Clear() { standings_.clear(); }

  [[nodiscard]] bool Has(std::int32_t partition) const { return standings_.contains(partition); }
  // Null: not ours.
  [[nodiscard]] Standing* Find(std::int32_t partition);
  [[nodiscard]] std::vector<std::int32_t> All() const;
  // Those whose group offset was not asked for yet.
  [[nodiscard]] std::vector<std::int32_t> Unknown() const;
  [[nodiscard]] const std::map<std::int32_t, Standing>& standings() const { return standings_; }

  // The group has no offset of it, or this one. None though this member committed one means that it was
  // deleted with the topic: what comes next is still measured against it.
  void Know(std::int32_t partition, std::optional<std::int64_t> committed);

  void Committed(std::int32_t partition, std::int64_t offset);

 private:
  std::map<std::int32_t, Standing> standings_;
  std::map<std::int32_t, std::int64_t> last_committed_;  // by this member, also of partitions that left
};

}  // namespace audit::kafka
