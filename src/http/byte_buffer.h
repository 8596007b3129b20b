// Bytes of a connection that wait: a request that is not whole, or a response that does not fit
// into the socket. Holds no memory while it is empty.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace audit::http {

class ByteBuffer {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<char> bytes() { return {memory_.get() + begin_, size_}; }

  // At least `room` writable bytes behind bytes(), kBodyPadding readable ones behind those; Extend says how many were
  // written. Both invalidate earlier views.
  [[nodiscard]] std::span<char> Room(std::size_t room);
  void Extend(std::size_t written) { size_ += written; }
  void Append(std::span<const char> bytes);
  void DropFront(std::size_t count);
  void DropBackTo(std::size_t size) { size_ = size; }
  void Clear();

 private:
  std::unique_ptr<char[]> memory_;  // not a string: growing it must not write zeros first
  std::size_t capacity_ = 0;        // of memory_, without the padding
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace audit::http
