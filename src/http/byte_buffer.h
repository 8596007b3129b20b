// Bytes of a connection that wait: a request that is not whole, or a response that does not fit
// into the socket. Holds no memory while it is empty, and takes it from a budget.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "http/memory_budget.h"

namespace audit::http {

class ByteBuffer {
 public:
  explicit ByteBuffer(MemoryBudget& budget) : budget_(&budget) {}
  ~ByteBuffer() { Clear(); }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::span<char> bytes() { return {memory_.get() + begin_, size_}; }

  // At least `room` (> 0) writable bytes behind bytes(), kBodyPadding readable ones behind those;
  // empty if the budget has not that much left. Makes earlier views invalid.
  [[nodiscard]] std::span<char> Room(std::size_t room);
  // That many of them were written.
  void Extend(std::size_t written) { size_ += written; }
  // False, and nothing is appended, if the budget has not that much left.
  [[nodiscard]] bool Append(std::span<const char> bytes);

  void DropFront(std::size_t count);
  void Truncate(std::size_t size) { size_ = size; }
  void Clear();

 private:
  bool Reallocate(std::size_t capacity);

  MemoryBudget* budget_;
  std::unique_ptr<char[]> memory_;  // not a string: growing it must not write zeros first
  std::size_t capacity_ = 0;        // of memory_, without the padding; taken from the budget
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace audit::http
