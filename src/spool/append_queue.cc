#include "spool/append_queue.h"

#include <algorithm>
#include <cstring>

namespace audit::spool {
namespace {

constexpr std::size_t kSmallest = 64U << 10;

}  // namespace

char* ByteBuffer::Extend(std::size_t count) {
  if (size_ + count > capacity_) {
    const std::size_t capacity = std::max({kSmallest, capacity_ * 2, size_ + count});
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(grown.get(), data_.get(), size_);
    data_ = std::move(grown);
    capacity_ = capacity;
  }
  char* at = data_.get() + size_;
  size_ += count;
  return at;
}

void ByteBuffer::Clear() {
  // The peak fades by a sixteenth a round: a steady load keeps its memory, an idle process loses it.
  recent_peak_ = std::max(size_, recent_peak_ - recent_peak_ / 16);
  if (capacity_ > kSmallest && capacity_ / 4 > recent_peak_) {
    data_.reset();
    capacity_ = 0;
  }
  size_ = 0;
}

}  // namespace audit::spool
