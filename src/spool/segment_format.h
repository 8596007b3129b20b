// The bytes of a segment file: its header and its records. docs/formats/spool.md explains them;
// nothing else in this room knows an offset. On-disk values never change: a new layout gets a new
// kFormatVersion.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spool/sequence.h"
#include "time/unix_micros.h"

namespace audit::spool {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it lies");

inline constexpr std::string_view kSegmentMagic = "AMSPOOL\n";
inline constexpr std::uint32_t kFormatVersion = 1;
// The header block: one page, so that records begin on a page of their own.
inline constexpr std::size_t kHeaderBlockBytes = 4096;
// The header lies in it twice, so that one bad sector does not take 64 MiB of records along.
inline constexpr std::size_t kHeaderCopyOffset = 2048;
inline constexpr std::size_t kSegmentHeaderBytes = 48;
inline constexpr std::size_t kRecordHeaderBytes = 32;
inline constexpr std::size_t kRecordAlignment = 8;
static_assert(kSegmentMagic.size() == 8);

struct SegmentHeader {
  std::uint64_t segment_bytes = 0;
  std::uint64_t number = 0;  // its place in the log; also its file name
  Sequence first;            // of its first record; 0: a spare, nothing of the log is in it
  std::uint32_t salt = 0;    // drawn anew for each life of the file: records of an earlier one never validate
  bool operator==(const SegmentHeader&) const = default;
};

// A whole header block.
[[nodiscard]] std::string EncodeSegmentHeader(const SegmentHeader& header);
// From the header block, or as much of it as there is; nothing when neither copy is valid.
[[nodiscard]] std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view block);

struct RecordHeader {
  std::uint32_t checksum = 0;
  std::uint32_t length = 0;  // of the payload
  Sequence sequence;
  time::UnixMicros appended_at;
  std::uint32_t unsynced = 0;  // how many records before it were not yet synced when it was queued
  bool more_follows = false;   // the next record belongs to the same Append
};

// Header, payload and padding.
[[nodiscard]] constexpr std::uint64_t RecordBytes(std::uint64_t payload_bytes) {
  return kRecordHeaderBytes + (payload_bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// The part of a record's checksum that needs neither lock nor sequence.
[[nodiscard]] std::uint32_t PayloadChecksum(std::string_view payload);

// Writes RecordBytes(payload.size()) bytes to `to` and fills in the checksum.
void EncodeRecord(char* to, const RecordHeader& header, std::uint32_t payload_checksum, std::uint32_t salt,
                  std::string_view payload);
// `from` has kRecordHeaderBytes. Says nothing about validity.
[[nodiscard]] RecordHeader DecodeRecordHeader(const char* from);
// `from` has RecordBytes(header.length) bytes.
[[nodiscard]] bool ChecksumHolds(const char* from, const RecordHeader& header, std::uint32_t salt);

}  // namespace audit::spool
