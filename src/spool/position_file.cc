#include "spool/position_file.h"

#include <cstring>

#include "env/durable.h"
#include "spool/crc32c.h"
#include "spool/segment_format.h"

namespace audit::spool {
namespace {

constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kChecksumAt = 12;  // of the whole slot but these four bytes' own value: they count as zero
constexpr std::size_t kCounterAt = 16;
constexpr std::size_t kSequenceAt = 24;
static_assert(kSequenceAt + sizeof(std::uint64_t) == kPositionSlotUsedBytes);

std::uint32_t SlotChecksum(std::string slot) {
  std::memset(slot.data() + kChecksumAt, 0, sizeof(std::uint32_t));
  return Crc32c(slot);
}

struct Slot {
  std::uint64_t counter = 0;
  Sequence committed;
};

std::optional<Slot> DecodeSlot(std::string_view bytes) {
  const std::string slot(bytes.substr(0, kPositionSlotUsedBytes));
  if (slot.size() < kPositionSlotUsedBytes || !slot.starts_with(kPositionMagic)) return std::nullopt;
  std::uint32_t version = 0;
  std::uint32_t checksum = 0;
  std::memcpy(&version, slot.data() + kVersionAt, sizeof version);
  std::memcpy(&checksum, slot.data() + kChecksumAt, sizeof checksum);
  if (version != kFormatVersion || checksum != SlotChecksum(slot)) return std::nullopt;
  Slot decoded;
  std::memcpy(&decoded.counter, slot.data() + kCounterAt, sizeof decoded.counter);
  std::memcpy(&decoded.committed.value, slot.data() + kSequenceAt, sizeof decoded.committed.value);
  return decoded;
}

}  // namespace

std::string EncodePositionSlot(std::uint64_t counter, Sequence committed) {
  std::string slot(kPositionSlotUsedBytes, '\0');
  std::memcpy(slot.data(), kPositionMagic.data(), kPositionMagic.size());
  std::memcpy(slot.data() + kVersionAt, &kFormatVersion, sizeof kFormatVersion);
  std::memcpy(slot.data() + kCounterAt, &counter, sizeof counter);
  std::memcpy(slot.data() + kSequenceAt, &committed.value, sizeof committed.value);
  const std::uint32_t checksum = SlotChecksum(slot);
  std::memcpy(slot.data() + kChecksumAt, &checksum, sizeof checksum);
  slot.resize(kPositionSlotBytes);
  return slot;
}

Result<PositionFile> PositionFile::Open(env::FileSystem& files, const std::string& path, env::OpenMode mode) {
  auto file = files.Open(path, mode);
  if (!file) return std::move(file).error();
  std::string bytes(2 * kPositionSlotBytes, '\0');
  const auto got = (*file)->ReadAt(0, bytes);
  if (!got) return got.error();
  std::optional<Slot> newest;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto slot = DecodeSlot(std::string_view(bytes).substr(i * kPositionSlotBytes, kPositionSlotBytes));
    if (slot && slot->counter % 2 == i && (!newest || slot->counter > newest->counter)) newest = slot;
  }
  if (!newest) return Error(ErrorCode::kCorrupt, path + ": neither of its two slots is valid");
  return PositionFile(std::move(file).value(), newest->counter, newest->committed);
}

Result<PositionFile> PositionFile::Create(env::FileSystem& files, const std::string& path, Sequence committed) {
  const std::string bytes = EncodePositionSlot(0, committed) + std::string(kPositionSlotBytes, '\0');
  if (auto written = env::WriteFileDurably(files, path, bytes); !written) return std::move(written).error();
  return Open(files, path, env::OpenMode::kReadWrite);
}

Result<void> PositionFile::Commit(Sequence through) {
  // Into the slot that is not the newest: until the sync returns, that one stays as it is.
  const std::uint64_t counter = counter_ + 1;
  if (auto put = env::WriteAllAt(*file_, counter % 2 * kPositionSlotBytes, EncodePositionSlot(counter, through));
      !put) {
    return put;
  }
  if (auto synced = file_->Sync(); !synced) return synced;
  counter_ = counter;
  committed_ = through;
  return {};
}

}  // namespace audit::spool
