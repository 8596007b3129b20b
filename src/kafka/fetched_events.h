// The events that were fetched and are not committed, with their bytes: copied once, so that
// librdkafka's fetch buffers are free at once and readable bytes lie behind every value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/message_header.h"
#include "pipeline/event_source.h"

namespace audit::kafka {

// A message as the client has it.
struct MessageView {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  time::UnixMicros timestamp;
  std::optional<std::string_view> key;
  std::string_view value;
  bool tombstone = false;
  std::span<const event::MessageHeader> headers;
  [[nodiscard]] std::size_t bytes() const;
};

// Filled with Add, then given out with Give as often as needed: what Give gave is taken out by
// DropGiven (committed), or given once more after TakeBack. One thread at a time.
class FetchedEvents {
 public:
  // `origin` outlives it.
  explicit FetchedEvents(std::string_view origin) : origin_(origin) {}

  // Only while nothing of it has been given out since it was last empty.
  void Add(const MessageView& message);
  [[nodiscard]] std::size_t count() const { return slots_.size() - first_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // The next ones up to the bounds, at least one if there is one. Valid until the next call of any
  // member that changes something.
  std::span<const pipeline::SourcedEvent> Give(std::size_t max_events, std::size_t max_bytes);
  [[nodiscard]] bool given() const { return given_ != 0; }
  [[nodiscard]] bool all_given() const { return given_ == count(); }
  // The offset behind the last given event of each partition.
  [[nodiscard]] std::map<std::int32_t, std::int64_t> GivenUpTo() const;
  [[nodiscard]] bool GivenFrom(const std::set<std::int32_t>& partitions) const;
  void DropGiven();
  void TakeBack() { given_ = 0; }
  // Takes out all of these partitions. Nothing is given.
  void DropPartitions(const std::set<std::int32_t>& partitions);
  void Clear();

 private:
  struct Slot {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    time::UnixMicros timestamp;
    bool has_key = false;
    bool tombstone = false;
    std::size_t begin = 0;  // in the arena: key, value, then names and values of the headers
    std::size_t key_size = 0;
    std::size_t value_size = 0;
    std::size_t total_size = 0;
    std::size_t first_header = 0;
    std::size_t header_count = 0;
  };
  struct HeaderSizes {
    std::size_t name = 0;
    std::optional<std::size_t> value;
  };

  std::string_view origin_;
  std::vector<char> arena_;
  std::size_t used_ = 0;  // of the arena
  std::vector<Slot> slots_;
  std::vector<HeaderSizes> header_sizes_;
  std::size_t first_ = 0;  // of the slots that are not dropped
  std::size_t given_ = 0;  // of these, how many
  std::size_t bytes_ = 0;
  std::vector<pipeline::SourcedEvent> events_;
  std::vector<event::MessageHeader> headers_;
};

}  // namespace audit::kafka
