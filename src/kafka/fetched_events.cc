#include "kafka/fetched_events.h"

#include <algorithm>
#include <cstring>

namespace audit::kafka {
namespace {

// After a batch with a giant in it the room goes back.
constexpr std::size_t kKeptBytes = 16U << 20;

}  // namespace

std::size_t MessageView::bytes() const {
  std::size_t sum = value.size() + (key ? key->size() : 0);
  for (const event::MessageHeader& header : headers) sum += header.name.size() + header.value.value_or("").size();
  return sum;
}

void FetchedEvents::Add(const MessageView& message) {
  const std::size_t size = message.bytes();
  if (used_ + size + pipeline::kValuePadding > arena_.size()) {
    arena_.resize(std::max(2 * arena_.size(), used_ + size + pipeline::kValuePadding));
  }
  Slot slot{.partition = message.partition,
            .offset = message.offset,
            .timestamp = message.timestamp,
            .has_key = message.key.has_value(),
            .tombstone = message.tombstone,
            .begin = used_,
            .key_size = message.key ? message.key->size() : 0,
            .value_size = message.value.size(),
            .total_size = size,
            .first_header = header_sizes_.size(),
            .header_count = message.headers.size()};
  const auto append = [this](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(arena_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  };
  if (message.key) append(*message.key);
  append(message.value);
  for (const event::MessageHeader& header : message.headers) {
    append(header.name);
    append(header.value.value_or(""));
    header_sizes_.push_back({header.name.size(), header.value ? std::optional(header.value->size()) : std::nullopt});
  }
  slots_.push_back(slot);
  bytes_ += size;
}

std::span<const pipeline::SourcedEvent> FetchedEvents::Give(std::size_t max_events, std::size_t max_bytes) {
  events_.clear();
  headers_.clear();
  headers_.reserve(header_sizes_.size());  // the views into it must not move
  std::size_t sum = 0;
  for (std::size_t i = first_; i < slots_.size() && events_.size() < max_events; ++i) {
    const Slot& slot = slots_[i];
    sum += slot.total_size;
    if (sum > max_bytes && !events_.empty()) break;
    const char* at = arena_.data() + slot.begin;
    pipeline::SourcedEvent event{.value = {at + slot.key_size, slot.value_size},
                                 .tombstone = slot.tombstone,
                                 .origin = origin_,
                                 .partition = slot.partition,
                                 .offset = static_cast<std::uint64_t>(slot.offset),
                                 .ingested_at = slot.timestamp};
    if (slot.has_key) event.key = std::string_view(at, slot.key_size);
    at += slot.key_size + slot.value_size;
    const std::size_t first_header = headers_.size();
    for (std::size_t h = 0; h < slot.header_count; ++h) {
      const HeaderSizes sizes = header_sizes_[slot.first_header + h];
      event::MessageHeader& header = headers_.emplace_back(event::MessageHeader{{at, sizes.name}, std::nullopt});
      at += sizes.name;
      if (!sizes.value) continue;
      header.value.emplace(at, *sizes.value);
      at += *sizes.value;
    }
    event.headers = std::span(headers_).subspan(first_header);
    events_.push_back(event);
  }
  given_ = events_.size();
  return events_;
}

std::map<std::int32_t, std::int64_t> FetchedEvents::GivenUpTo() const {
  std::map<std::int32_t, std::int64_t> offsets;
  for (std::size_t i = first_; i < first_ + given_; ++i) offsets[slots_[i].partition] = slots_[i].offset + 1;
  return offsets;
}

bool FetchedEvents::GivenFrom(const std::set<std::int32_t>& partitions) const {
  for (std::size_t i = first_; i < first_ + given_; ++i) {
    if (partitions.contains(slots_[i].partition)) return true;
  }
  return false;
}

void FetchedEvents::DropGiven() {
  for (std::size_t i = first_; i < first_ + given_; ++i) bytes_ -= slots_[i].total_size;
  first_ += given_;
  given_ = 0;
  if (first_ == slots_.size()) Clear();
}

void FetchedEvents::DropPartitions(const std::set<std::int32_t>& partitions) {
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = given_ = 0;
  std::erase_if(slots_, [&](const Slot& slot) { return partitions.contains(slot.partition); });
  bytes_ = 0;
  for (const Slot& slot : slots_) bytes_ += slot.total_size;
  if (slots_.empty()) Clear();
}

void FetchedEvents::Clear() {
  slots_.clear();
  header_sizes_.clear();
  events_.clear();
  headers_.clear();
  first_ = given_ = bytes_ = used_ = 0;
  if (arena_.size() > kKeptBytes) std::vector<char>().swap(arena_);
}

}  // namespace audit::kafka
