// The spool's reader as a source of events.
#pragma once

#include <vector>

#include "pipeline/event_source.h"
#include "spool/reader.h"

namespace audit::pipeline {

// The origin it gives: "spool", with the sequence number as the offset. The reader outlives it.
class SpoolSource final : public EventSource {
 public:
  explicit SpoolSource(spool::Reader& reader);

  Result<std::span<const SourcedEvent>> Fetch(std::size_t max_events, std::size_t max_bytes) override;
  Result<void> Commit() override;
  void Rewind() override;

 private:
  spool::Reader& reader_;
  spool::Sequence fetched_;
  std::vector<SourcedEvent> events_;
};

}  // namespace audit::pipeline
