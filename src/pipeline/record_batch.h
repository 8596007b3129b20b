// A batch of records that own what they show: the parser's views end with its next call, a batch
// must live until the store has it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "event/record.h"

namespace audit::pipeline {

// One thread at a time. Keeps its memory from batch to batch; it is bounded by the largest batch.
class RecordBatch {
 public:
  // Copies all that `record` shows.
  void Add(const event::Record& record);
  void Clear();

  // Valid until Clear.
  [[nodiscard]] std::span<const event::Record> records() const { return records_; }

 private:
  static constexpr std::size_t kBlockBytes = 1U << 20;

  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  std::string_view Copy(std::string_view text);

  std::vector<event::Record> records_;
  std::vector<Block> blocks_;  // blocks never move, so views into them hold while more are added
  std::size_t block_ = 0;      // the one being filled
  std::size_t used_ = 0;       // bytes of it
};

}  // namespace audit::pipeline
