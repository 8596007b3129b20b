#include "http/byte_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/request.h"

namespace audit::http {

std::span<char> ByteBuffer::Room(std::size_t room) {
  if (capacity_ - begin_ - size_ < room) {
    if (capacity_ - size_ >= room) {
      std::memmove(memory_.get(), memory_.get() + begin_, size_);
      begin_ = 0;
    } else if (!Reallocate(std::max(size_ + room, size_ + size_ / 2))) {
      return {};
    }
  }
  return {memory_.get() + begin_ + size_, capacity_ - begin_ - size_};
}

bool ByteBuffer::Reallocate(std::size_t capacity) {
  if (!budget_->Take(capacity)) return false;
  auto memory = std::make_unique_for_overwrite<char[]>(capacity + kBodyPadding);
  if (size_ != 0) std::memcpy(memory.get(), memory_.get() + begin_, size_);
  budget_->Return(capacity_);
  memory_ = std::move(memory);
  capacity_ = capacity;
  begin_ = 0;
  return true;
}

bool ByteBuffer::Append(std::span<const char> bytes) {
  if (bytes.empty()) return true;
  const std::span<char> room = Room(bytes.size());
  if (room.empty()) return false;
  std::memcpy(room.data(), bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

void ByteBuffer::DropFront(std::size_t count) {
  if (count == size_) return Clear();
  begin_ += count;
  size_ -= count;
}

void ByteBuffer::Clear() {
  budget_->Return(capacity_);
  memory_.reset();
  capacity_ = begin_ = size_ = 0;
}

}  // namespace audit::http
