// What the buffers of all connections together may hold: a bound that many large bodies, or many
// callers that do not read, cannot pass.
#pragma once

#include <atomic>
#include <cstddef>

namespace audit::http {

// Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : left_(bytes) {}

  [[nodiscard]] bool Take(std::size_t bytes) {
    std::size_t left = left_.load(std::memory_order_relaxed);
    do {
      if (left < bytes) return false;
    } while (!left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed));
    return true;
  }
  void Return(std::size_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> left_;
};

}  // namespace audit::http
