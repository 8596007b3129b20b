#include "spool/segment_format.h"

#include <cstring>

#include "spool/crc32c.h"

namespace audit::spool {
namespace {

constexpr std::size_t kHeaderVersionAt = 8;
constexpr std::size_t kHeaderSaltAt = 12;
constexpr std::size_t kHeaderSegmentBytesAt = 16;
constexpr std::size_t kHeaderNumberAt = 24;
constexpr std::size_t kHeaderFirstAt = 32;
constexpr std::size_t kHeaderChecksumAt = 44;  // 40 to 43 are zero
static_assert(kHeaderChecksumAt + sizeof(std::uint32_t) == kSegmentHeaderBytes);

constexpr std::size_t kChecksumAt = 0;
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kSequenceAt = 8;
constexpr std::size_t kAppendedAt = 16;
constexpr std::size_t kUnsyncedAt = 24;
constexpr std::size_t kFlagsAt = 28;
static_assert(kFlagsAt + sizeof(std::uint32_t) == kRecordHeaderBytes);
constexpr std::uint32_t kMoreFollows = 1;

template <class T>
void Put(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

template <class T>
T Get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::optional<SegmentHeader> DecodeCopy(std::string_view copy) {
  if (copy.size() < kSegmentHeaderBytes || !copy.starts_with(kSegmentMagic)) return std::nullopt;
  if (Get<std::uint32_t>(copy.data() + kHeaderVersionAt) != kFormatVersion) return std::nullopt;
  if (Get<std::uint32_t>(copy.data() + kHeaderChecksumAt) != Crc32c(copy.substr(0, kHeaderChecksumAt))) {
    return std::nullopt;
  }
  SegmentHeader header;
  header.salt = Get<std::uint32_t>(copy.data() + kHeaderSaltAt);
  header.segment_bytes = Get<std::uint64_t>(copy.data() + kHeaderSegmentBytesAt);
  header.number = Get<std::uint64_t>(copy.data() + kHeaderNumberAt);
  header.first.value = Get<std::uint64_t>(copy.data() + kHeaderFirstAt);
  return header;
}

// The header's fields come after the payload, so that the payload's share can be computed outside
// the lock, and the salt is mixed in between: it changes the result of every record of a life.
std::uint32_t RecordChecksum(const char* header, std::uint32_t payload_checksum, std::uint32_t salt) {
  return ~Crc32cStep(payload_checksum ^ salt, {header + kLengthAt, kRecordHeaderBytes - kLengthAt});
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string block(kHeaderBlockBytes, '\0');
  char* copy = block.data();
  std::memcpy(copy, kSegmentMagic.data(), kSegmentMagic.size());
  Put(copy + kHeaderVersionAt, kFormatVersion);
  Put(copy + kHeaderSaltAt, header.salt);
  Put(copy + kHeaderSegmentBytesAt, header.segment_bytes);
  Put(copy + kHeaderNumberAt, header.number);
  Put(copy + kHeaderFirstAt, header.first.value);
  Put(copy + kHeaderChecksumAt, Crc32c({copy, kHeaderChecksumAt}));
  std::memcpy(copy + kHeaderCopyOffset, copy, kSegmentHeaderBytes);
  return block;
}

std::optional<SegmentHeader> DecodeSegmentHeader(std::string_view block) {
  if (auto header = DecodeCopy(block)) return header;
  return block.size() > kHeaderCopyOffset ? DecodeCopy(block.substr(kHeaderCopyOffset)) : std::nullopt;
}

std::uint32_t PayloadChecksum(std::string_view payload) { return Crc32cStep(kCrc32cStart, payload); }

void EncodeRecord(char* to, const RecordHeader& header, std::uint32_t payload_checksum, std::uint32_t salt,
                  std::string_view payload) {
  Put(to + kLengthAt, static_cast<std::uint32_t>(payload.size()));
  Put(to + kSequenceAt, header.sequence.value);
  Put(to + kAppendedAt, header.appended_at.value);
  Put(to + kUnsyncedAt, header.unsynced);
  Put(to + kFlagsAt, header.more_follows ? kMoreFollows : 0U);
  Put(to + kChecksumAt, RecordChecksum(to, payload_checksum, salt));
  if (!payload.empty()) std::memcpy(to + kRecordHeaderBytes, payload.data(), payload.size());
  const std::size_t end = kRecordHeaderBytes + payload.size();
  std::memset(to + end, 0, RecordBytes(payload.size()) - end);
}

RecordHeader DecodeRecordHeader(const char* from) {
  RecordHeader header;
  header.checksum = Get<std::uint32_t>(from + kChecksumAt);
  header.length = Get<std::uint32_t>(from + kLengthAt);
  header.sequence.value = Get<std::uint64_t>(from + kSequenceAt);
  header.appended_at.value = Get<std::int64_t>(from + kAppendedAt);
  header.unsynced = Get<std::uint32_t>(from + kUnsyncedAt);
  header.more_follows = (Get<std::uint32_t>(from + kFlagsAt) & kMoreFollows) != 0;
  return header;
}

bool ChecksumHolds(const char* from, const RecordHeader& header, std::uint32_t salt) {
  return RecordChecksum(from, PayloadChecksum({from + kRecordHeaderBytes, header.length}), salt) == header.checksum;
}

}  // namespace audit::spool
