// Reading stored events: for `audit-manager events`, and the tests' oracle. Works beside the running
// service and without it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "errors/result.h"
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
  std::vector<std::string> outcomes = {};  // any of these; empty: every one
  std::optional<std::string> trace_id = std::nullopt;
  Order order = Order::kNewestFirst;                  // by occurred_at, then id
  std::optional<std::uint64_t> limit = std::nullopt;  // at most so many events
};

// All 15 columns. Views live until the callback returns.
struct StoredEvent {
  event::Record record;
  time::UnixMicros ingested_at;
};

// Calls `each` for every event that matches, one after another from the files themselves, until it
// returns false; gives the number of calls. Opens the days it needs, one at a time and read-only;
// what is written meanwhile to a day that is being read is not seen. A store that does not exist
// is empty. An error names the file; events given before it are good.
Result<std::uint64_t> QueryEvents(const std::string& directory, const EventQuery& query,
                                  const std::function<bool(const StoredEvent&)>& each);

}  // namespace audit::store
