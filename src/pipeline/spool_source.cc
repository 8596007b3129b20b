#include "pipeline/spool_source.h"

namespace audit::pipeline {

static_assert(spool::kPayloadPadding >= kValuePadding, "the spool's views are handed on as they are");

SpoolSource::SpoolSource(spool::Reader& reader) : reader_(reader), fetched_(reader.committed()) {}

Result<std::span<const SourcedEvent>> SpoolSource::Fetch(std::size_t max_events, std::size_t max_bytes) {
  auto records = reader_.Read(max_events, max_bytes);
  if (!records) return std::move(records).error();
  events_.clear();
  for (const spool::RecordView& record : *records) {
    events_.push_back({.value = record.payload,
                       .origin = "spool",
                       .offset = record.sequence.value,
                       .ingested_at = record.appended_at});
    fetched_ = record.sequence;
  }
  return std::span<const SourcedEvent>(events_);
}

Result<void> SpoolSource::Commit() {
  if (fetched_ <= reader_.committed()) return {};
  return reader_.Commit(fetched_);
}

void SpoolSource::Rewind() {
  reader_.Rewind();
  fetched_ = reader_.committed();
}

}  // namespace audit::pipeline
