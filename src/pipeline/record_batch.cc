#include "pipeline/record_batch.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace audit::pipeline {

std::string_view RecordBatch::Copy(std::string_view text) {
  if (text.empty()) return "";
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < text.size()) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const std::size_t size = std::max(kBlockBytes, text.size());
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
    used_ = 0;
  }
  char* place = blocks_[block_].bytes.get() + used_;
  std::memcpy(place, text.data(), text.size());
  used_ += text.size();
  return {place, text.size()};
}

void RecordBatch::Add(const event::Record& record) {
  const auto copy = [this](const std::optional<std::string_view>& text) {
    return text ? std::optional(Copy(*text)) : std::nullopt;
  };
  records_.push_back({.id = Copy(record.id),
                      .occurred_at = record.occurred_at,
                      .source = Copy(record.source),
                      .type = Copy(record.type),
                      .subject = copy(record.subject),
                      .actor_type = Copy(record.actor_type),
                      .actor_id = Copy(record.actor_id),
                      .resource_type = copy(record.resource_type),
                      .resource_id = copy(record.resource_id),
                      .action = Copy(record.action),
                      .outcome = Copy(record.outcome),
                      .reason = copy(record.reason),
                      .trace_id = copy(record.trace_id),
                      .details = copy(record.details)});
}

void RecordBatch::Clear() {
  records_.clear();
  block_ = 0;
  used_ = 0;
}

}  // namespace audit::pipeline
