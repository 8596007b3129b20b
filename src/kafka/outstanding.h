// The events that were published and are not reported yet, by the number under which they were sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "errors/result.h"

namespace audit::kafka {

class Outstanding {
 public:
  // The number of the new one: one more than the last.
  std::uint64_t Add(std::uint64_t position, std::size_t bytes) {
    entries_.push_back({position, bytes});
    ++count_;
    bytes_ += bytes;
    return first_ + entries_.size() - 1;
  }
  // Takes it out and gives its position. `number` is outstanding.
  std::uint64_t Take(std::uint64_t number) {
    Entry& entry = entries_.at(number - first_);
    const std::uint64_t position = entry.position;
    entry.taken = true;
    --count_;
    bytes_ -= entry.bytes;
    while (!entries_.empty() && entries_.front().taken) {
      entries_.pop_front();
      ++first_;
    }
    return position;
  }
  // Forgets all; their numbers are never given again.
  void Clear() {
    first_ += entries_.size();
    entries_.clear();
    count_ = bytes_ = 0;
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::uint64_t position = 0;
    std::size_t bytes = 0;
    bool taken = false;
  };
  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace audit::kafka
