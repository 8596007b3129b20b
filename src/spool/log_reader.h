// The reader over the log's own segments.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spool/log.h"
#include "spool/position_file.h"
#include "spool/reader.h"
#include "spool/record_scanner.h"

namespace audit::spool {

class LogReader final : public Reader {
 public:
  static Result<std::unique_ptr<Reader>> Open(Log& log, const std::string& name);
  LogReader(Log& log, std::string name, PositionFile position);
  ~LogReader() override;

  Result<std::span<const RecordView>> Read(std::size_t max_records, std::size_t max_bytes) override;
  Result<void> Commit(Sequence through) override;
  void Rewind() override;
  [[nodiscard]] Sequence committed() const override { return position_.committed(); }

 private:
  Result<void> Enter(const Log::Place& place);
  Result<void> ReadFrom(const Log::Place& place, std::size_t max_records, std::size_t max_bytes);
  Result<void> StepOver(const Log::Place& place);
  void Missing(LogSegment& segment, Sequence first, Sequence end, bool inside);

  Log& log_;
  const std::string name_;
  PositionFile position_;
  Sequence next_;  // to be given out
  std::shared_ptr<LogSegment> segment_;
  std::unique_ptr<env::File> file_;
  std::optional<RecordScanner> scanner_;
  std::vector<RecordView> views_;
};

}  // namespace audit::spool
