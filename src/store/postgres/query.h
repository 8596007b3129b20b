// Reading stored events from PostgreSQL: for `audit-manager events`, and the tests' oracle.
#pragma once

#include <cstdint>
#include <functional>

#include "errors/result.h"
#include "store/event_query.h"
#include "store/postgres/options.h"

namespace audit::store {

// Calls `each` for every event that matches, one after another as of one moment, until it returns false;
// gives the number of calls. Holds some hundred events at a time. statement_timeout is for the next few
// hundred, not for all. SELECT on the table is enough. Without a table: kUnavailable. Events given before
// an error are good.
Result<std::uint64_t> QueryEvents(const PostgresOptions& options, const EventQuery& query,
                                  const std::function<bool(const StoredEvent&)>& each);

namespace postgres {

// The statement for a query and what its $1, $2, ... stand for.
struct Selection {
  std::string sql;
  std::vector<std::string> parameters;
};
[[nodiscard]] Selection SelectionFor(const EventQuery& query);

}  // namespace postgres
}  // namespace audit::store
