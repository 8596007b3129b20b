#include "spool/segment_files.h"

#include <algorithm>
#include <cstdio>

#include "env/durable.h"

namespace audit::spool {
namespace {

// Zeros written and synced in one go. Large enough for the disk's full rate, small enough that a
// flush of the log waits behind it for a few milliseconds only.
constexpr std::size_t kPrewriteStep = 4U << 20;
constexpr std::size_t kNumberDigits = 16;

Result<void> FillWithZeros(env::File& file, std::uint64_t size, const std::function<bool()>& in_no_hurry) {
  const std::string zeros(std::min<std::uint64_t>(kPrewriteStep, size), '\0');
  for (std::uint64_t offset = 0; offset < size && in_no_hurry(); offset += zeros.size()) {
    const std::size_t step = std::min<std::uint64_t>(zeros.size(), size - offset);
    if (auto put = env::WriteAllAt(file, offset, std::string_view(zeros).substr(0, step)); !put) return put;
    if (auto synced = file.Sync(); !synced) return synced;
  }
  return {};
}

bool Gone(const Result<void>& result) { return !result && result.error().code() == ErrorCode::kNotFound; }

}  // namespace

std::string SegmentName(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return digits.append(kSegmentSuffix);
}

std::optional<std::uint64_t> NumberOf(std::string_view name, std::string_view suffix) {
  if (name.size() != kNumberDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char digit : name.substr(0, kNumberDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

Result<std::optional<SegmentHeader>> ReadSegmentHeader(const env::File& file) {
  std::string block(kHeaderBlockBytes, '\0');
  auto got = file.ReadAt(0, block);
  if (!got) return std::move(got).error();
  auto header = DecodeSegmentHeader(std::string_view(block).substr(0, *got));
  if (!header) return header;
  auto size = file.Size();
  if (!size) return std::move(size).error();
  header->segment_bytes = std::min(header->segment_bytes, *size);
  return header;
}

std::string SegmentFiles::PreparingPath(std::uint64_t number) const {
  std::string name = SegmentName(number);
  name.resize(kNumberDigits);
  return directory_ + "/" + name.append(kPreparingSuffix);
}

Result<SpareSegment> SegmentFiles::Create(SegmentHeader header, const std::function<bool()>& in_no_hurry) {
  const std::string path = PreparingPath(header.number);
  auto file = files_.Open(path, env::OpenMode::kCreate);
  if (!file) return std::move(file).error();
  auto reserved = (*file)->Allocate(header.segment_bytes);
  if (reserved) reserved = FillWithZeros(**file, header.segment_bytes, in_no_hurry);
  if (!reserved) {
    // Not durably and not checked: recovery clears away what is still there.
    (void)files_.Remove(path).ok();
    return std::move(reserved).error();
  }
  return Finish(std::move(file).value(), header);
}

Result<SpareSegment> SegmentFiles::Recycle(std::uint64_t old_number, SegmentHeader header) {
  // The old name is gone for good before a byte is overwritten: else a power cut could show the
  // old segment with the new header.
  const std::string path = PreparingPath(header.number);
  if (auto renamed = env::RenameDurably(files_, PathOf(old_number), path); !renamed) {
    (void)files_.Remove(path).ok();
    return std::move(renamed).error();
  }
  auto file = files_.Open(path, env::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  return Finish(std::move(file).value(), header);
}

Result<SpareSegment> SegmentFiles::Finish(std::unique_ptr<env::File> file, const SegmentHeader& header) {
  // Header and size are on the device before the name says that this is a segment; the name is
  // durable before a record can be put into it.
  auto done = env::WriteAllAt(*file, 0, EncodeSegmentHeader(header));
  if (done) done = file->Sync();
  if (done) done = env::RenameDurably(files_, PreparingPath(header.number), PathOf(header.number));
  if (!done) {
    (void)files_.Remove(PreparingPath(header.number)).ok();
    (void)files_.Remove(PathOf(header.number)).ok();
    return std::move(done).error();
  }
  return SpareSegment{header, std::move(file)};
}

Result<void> SegmentFiles::Remove(std::uint64_t number) {
  auto removed = env::RemoveDurably(files_, PathOf(number));
  return Gone(removed) ? files_.SyncDirectory(directory_) : removed;
}

Result<void> SegmentFiles::SetAside(std::uint64_t number) {
  const std::string folder = directory_ + "/" + std::string(kDamagedFolder);
  if (auto made = env::CreateDirectoryDurably(files_, folder); !made) return made;
  auto renamed = env::RenameDurably(files_, PathOf(number), folder + "/" + SegmentName(number));
  return Gone(renamed) ? files_.SyncDirectory(directory_) : renamed;
}

Result<void> SegmentFiles::RemoveUnfinished(const std::string& name) {
  return env::RemoveDurably(files_, directory_ + "/" + name);
}

}  // namespace audit::spool
