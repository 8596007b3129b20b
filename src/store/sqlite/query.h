// Reading stored events: for `audit-manager events`, and the tests' oracle. Works beside the running
// service and without it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "errors/result.h"
#include "store/event_query.h"

namespace audit::store {

// Calls `each` for every event that matches, one after another from the files themselves, until it
// returns false; gives the number of calls. Opens the days it needs, one at a time and read-only;
// what is written meanwhile to a day that is being read is not seen. A store that does not exist
// is empty. An error names the file; events given before it are good.
Result<std::uint64_t> QueryEvents(const std::string& directory, const EventQuery& query,
                                  const std::function<bool(const StoredEvent&)>& each);

}  // namespace audit::store
