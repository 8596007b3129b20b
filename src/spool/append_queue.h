// What was appended and is not yet written: the bytes as they will lie in the segments, and where
// they go. The spool has two, one that Append fills and one that Flush writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "env/file_system.h"
#include "spool/sequence.h"
#include "time/unix_micros.h"

namespace audit::spool {

// Bytes that grow without being set to zero first, and that keep their memory when emptied.
class ByteBuffer {
 public:
  // Room for `count` more; the caller writes all of them.
  char* Extend(std::size_t count);
  // Empties it. Memory far beyond what was needed lately is given back, so that one burst does not
  // stay in the process for ever.
  void Clear();
  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t recent_peak_ = 0;
};

struct LogSegment;

struct AppendQueue {
  // Bytes for one segment, from `begin` in `bytes` to the begin of the next extent.
  struct Extent {
    std::shared_ptr<LogSegment> segment;
    std::shared_ptr<env::File> file;
    std::uint64_t offset = 0;  // in the file
    std::size_t begin = 0;
    Sequence last;
  };

  ByteBuffer bytes;
  std::vector<Extent> extents;
  std::size_t records = 0;
  std::size_t record_bytes = 0;  // without segment headers
  time::UnixMicros first_appended_at;

  [[nodiscard]] bool empty() const { return records == 0; }
  [[nodiscard]] Sequence last() const { return extents.back().last; }
  [[nodiscard]] std::string_view BytesOf(std::size_t extent) const {
    const std::size_t end = extent + 1 < extents.size() ? extents[extent + 1].begin : bytes.size();
    return bytes.view().substr(extents[extent].begin, end - extents[extent].begin);
  }
  void Clear() {
    bytes.Clear();
    extents.clear();
    records = 0;
    record_bytes = 0;
  }
};

}  // namespace audit::spool
