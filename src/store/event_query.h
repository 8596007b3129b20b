// What can be asked of a store, and what it answers with: for `audit-manager events`. Each store has a
// QueryEvents of its own (sqlite/query.h, postgres/query.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/record.h"
#include "time/unix_micros.h"

namespace audit::store {

enum class Order : std::uint8_t { kNewestFirst, kOldestFirst };

// All that is set must hold.
struct EventQuery {
  std::optional<time::UnixMicros> from = std::nullopt;    // occurred_at, inclusive
  std::optional<time::UnixMicros> before = std::nullopt;  // occurred_at, exclusive
  std::optional<std::string> id = std::nullopt;
  std::optional<std::string> source = std::nullopt;
  std::optional<std::string> type = std::nullopt;
  std::optional<std::string> actor_id = std::nullopt;
  std::optional<std::string> resource_type = std::nullopt;
  std::optional<std::string> resource_id = std::nullopt;
  // Any of these; empty: every one. Initialised, so that designated initialisers need not name it.
  std::vector<std::string> outcomes = {};
  std::optional<std::string> trace_id = std::nullopt;
  Order order = Order::kNewestFirst;                  // by occurred_at, then id
  std::optional<std::uint64_t> limit = std::nullopt;  // at most so many events
};

// All 15 columns. Views live until the callback returns.
struct StoredEvent {
  event::Record record;
  time::UnixMicros ingested_at;
};

}  // namespace audit::store
