// Walks the records of one segment file. The one piece of code that decides whether bytes are a
// record: readers, recovery and the verifier all go through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "env/file_system.h"
#include "errors/result.h"
#include "spool/segment_format.h"
#include "spool/sequence.h"

namespace audit::spool {

// One thread at a time. Reads through a window of memory that is as large as asked for, grows for a
// larger record and shrinks again.
class RecordScanner {
 public:
  struct Record {
    RecordHeader header;
    std::string_view payload;  // with kPayloadPadding readable bytes behind it; until the next Fill or Resync
    std::uint64_t offset = 0;
  };
  enum class Step : std::uint8_t {
    kRecord,     // record() is the expected one, and the scanner stands behind it
    kWindowEnd,  // not in memory yet: Fill and try again
    kInvalid,    // what lies here is not the expected record
  };

  // `file` must outlive the scanner. Stands at the first record, which has header.first.
  RecordScanner(const env::File& file, const SegmentHeader& header);

  // Bytes from `end` on are not looked at. Never beyond the segment.
  void SetEnd(std::uint64_t end);

  [[nodiscard]] Step Next();
  [[nodiscard]] const Record& record() const { return record_; }

  // Reads on from offset(): `window` bytes, or more where the record that is due needs it.
  Result<void> Fill(std::size_t window);
  // Bytes in memory from offset() on.
  [[nodiscard]] std::size_t buffered() const;

  // The record that was expected cannot be read: stands at the next valid one behind it, whose
  // sequence is then expected(), at most `last`. False: there is none before the end.
  Result<bool> Resync(Sequence last);

  // Goes back to a place where it stood before, and reads anew from there.
  void Return(std::uint64_t offset, Sequence expected);

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] Sequence expected() const { return expected_; }
  // Where the record at offset() would end if its header is to be believed (sequence and length
  // fit, the checksum does not hold); else offset(). Only worth anything after kInvalid.
  [[nodiscard]] std::uint64_t torn_end() const { return torn_end_; }

 private:
  [[nodiscard]] const char* InWindow(std::uint64_t offset, std::uint64_t bytes) const;
  Result<const char*> Load(std::uint64_t offset, std::uint64_t bytes, std::size_t window);
  Result<bool> ValidAt(std::uint64_t offset, const RecordHeader& header);

  const env::File& file_;
  const SegmentHeader header_;
  std::uint64_t end_;
  std::uint64_t offset_ = kHeaderBlockBytes;
  std::uint64_t torn_end_ = kHeaderBlockBytes;
  std::uint64_t needed_ = kRecordHeaderBytes;  // at offset_, to go on
  Sequence expected_;
  Record record_;
  std::unique_ptr<char[]> window_;
  std::size_t capacity_ = 0;
  std::uint64_t window_offset_ = 0;
  std::uint64_t window_bytes_ = 0;
};

}  // namespace audit::spool
