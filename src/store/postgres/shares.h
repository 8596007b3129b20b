// Divides a batch between connections that write at the same time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "event/record.h"

namespace audit::store::postgres {

using Share = std::vector<std::uint32_t>;  // places in the batch, ascending

struct Division {
  // One a writer, some may be empty. All records of one key (contract, section 4) are in one share, in their order,
  // and in every batch it is the same writer's.
  std::vector<Share> shares;
  // Two records with the same id and time have different keys: all is in the first share, else chance would decide
  // which of them is the conflict.
  bool undivided = false;
  // By the hash of id and time, ascending: in which share. Empty for a single writer.
  struct Row {
    std::size_t hash = 0;
    std::size_t share = 0;
  };
  std::vector<Row> rows;

  // Each writer takes one after the other. False: records of both would be written at the same time that must not
  // overtake each other.
  [[nodiscard]] bool MayGoBeside(const Division& other) const;
};

// Hashes stand for ids: that two different ones meet only costs the parallel way once.
[[nodiscard]] Division DivideByKey(std::span<const event::Record> records, Share places, int writers);

}  // namespace audit::store::postgres
