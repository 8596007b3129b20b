#include "spool/record_scanner.h"

#include <algorithm>

#include "spool/reader.h"

namespace audit::spool {
namespace {

// Reading for a resync, where nobody says how much: past 256 KiB a scan gets no faster.
constexpr std::size_t kResyncWindow = 256U << 10;

}  // namespace

RecordScanner::RecordScanner(const env::File& file, const SegmentHeader& header)
    : file_(file), header_(header), end_(header.segment_bytes), expected_(header.first) {}

void RecordScanner::SetEnd(std::uint64_t end) { end_ = std::min(end, header_.segment_bytes); }

const char* RecordScanner::InWindow(std::uint64_t offset, std::uint64_t bytes) const {
  if (offset < window_offset_ || offset + bytes > window_offset_ + window_bytes_) return nullptr;
  return window_.get() + (offset - window_offset_);
}

std::size_t RecordScanner::buffered() const {
  const std::uint64_t window_end = window_offset_ + window_bytes_;
  return offset_ >= window_offset_ && offset_ < window_end ? window_end - offset_ : 0;
}

RecordScanner::Step RecordScanner::Next() {
  torn_end_ = offset_;
  needed_ = kRecordHeaderBytes;
  if (offset_ + kRecordHeaderBytes > end_) return Step::kInvalid;
  const char* bytes = InWindow(offset_, kRecordHeaderBytes);
  if (bytes == nullptr) return Step::kWindowEnd;
  const RecordHeader header = DecodeRecordHeader(bytes);
  // Sequence and length before the checksum: garbage must not make us read, or allocate, by a length
  // that nothing vouches for.
  const std::uint64_t size = RecordBytes(header.length);
  if (header.sequence != expected_ || size > end_ - offset_) return Step::kInvalid;
  if (InWindow(offset_, size) == nullptr) {
    needed_ = size;
    return Step::kWindowEnd;
  }
  if (!ChecksumHolds(bytes, header, header_.salt)) {
    torn_end_ = offset_ + size;
    return Step::kInvalid;
  }
  record_ = {header, {bytes + kRecordHeaderBytes, header.length}, offset_};
  offset_ += size;
  ++expected_.value;
  return Step::kRecord;
}

void RecordScanner::Return(std::uint64_t offset, Sequence expected) {
  offset_ = offset;
  expected_ = expected;
  window_bytes_ = 0;
}

Result<void> RecordScanner::Fill(std::size_t window) {
  if (offset_ >= end_) return {};
  auto loaded = Load(offset_, needed_, window);
  if (!loaded) return std::move(loaded).error();
  return {};
}

Result<const char*> RecordScanner::Load(std::uint64_t offset, std::uint64_t bytes, std::size_t window) {
  const std::size_t size = std::min<std::uint64_t>(std::max<std::uint64_t>(bytes, window), end_ - offset);
  // A record larger than the window leaves a large buffer behind: give it back with the next one.
  if (capacity_ < size || capacity_ / 4 > std::max<std::size_t>(size, window)) {
    window_bytes_ = 0;
    window_.reset();
    window_ = std::make_unique_for_overwrite<char[]>(size + kPayloadPadding);
    std::fill_n(window_.get() + size, kPayloadPadding, '\0');
    capacity_ = size;
  }
  window_bytes_ = 0;
  auto got = file_.ReadAt(offset, {window_.get(), size});
  if (!got) return std::move(got).error();
  // A file that ends early (cut short by someone else) reads as zeros, like one never written.
  std::fill_n(window_.get() + *got, size - *got, '\0');
  window_offset_ = offset;
  window_bytes_ = size;
  return static_cast<const char*>(window_.get());
}

Result<bool> RecordScanner::ValidAt(std::uint64_t offset, const RecordHeader& header) {
  const std::uint64_t size = RecordBytes(header.length);
  const char* bytes = InWindow(offset, size);
  if (bytes == nullptr) {
    auto loaded = Load(offset, size, kResyncWindow);
    if (!loaded) return std::move(loaded).error();
    bytes = *loaded;
  }
  return ChecksumHolds(bytes, header, header_.salt);
}

Result<bool> RecordScanner::Resync(Sequence last) {
  for (std::uint64_t at = offset_ + kRecordAlignment; at + kRecordHeaderBytes <= end_; at += kRecordAlignment) {
    const char* bytes = InWindow(at, kRecordHeaderBytes);
    if (bytes == nullptr) {
      auto loaded = Load(at, kRecordHeaderBytes, kResyncWindow);
      if (!loaded) return std::move(loaded).error();
      bytes = *loaded;
    }
    const RecordHeader header = DecodeRecordHeader(bytes);
    // The records stepped over take 32 bytes each at least, so the sequence cannot be far off. This
    // turns nearly everything away before a checksum is computed.
    if (header.sequence <= expected_ || header.sequence > last) continue;
    if (header.sequence.value - expected_.value > (at - offset_) / kRecordHeaderBytes) continue;
    if (RecordBytes(header.length) > end_ - at) continue;
    auto valid = ValidAt(at, header);
    if (!valid) return std::move(valid).error();
    if (!*valid) continue;
    offset_ = at;
    expected_ = header.sequence;
    return true;
  }
  return false;
}

}  // namespace audit::spool
