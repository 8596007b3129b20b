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
    } else {
      const std::size_t capacity = std::max(size_ + room, size_ + size_ / 2);
      auto memory = std::make_unique_for_overwrite<char[]>(capacity + kBodyPadding);
      if (size_ != 0) std::memcpy(memory.get(), memory_.get() + begin_, size_);
      memory_ = std::move(memory);
      capacity_ = capacity;
    }
    begin_ = 0;
  }
  return {memory_.get() + begin_ + size_, capacity_ - begin_ - size_};
}

void ByteBuffer::Append(std::span<const char> bytes) {
  if (bytes.empty()) return;
  std::memcpy(Room(bytes.size()).data(), bytes.data(), bytes.size());
  size_ += bytes.size();
}

void ByteBuffer::DropFront(std::size_t count) {
  if (count == size_) return Clear();
  begin_ += count;
  size_ -= count;
}

void ByteBuffer::Clear() {
  memory_.reset();
  capacity_ = begin_ = size_ = 0;
}

}  // namespace audit::http
