// What is inside a day file: the table of contract section 3 and how SQLite is set up for it. The
// page for people is docs/formats/store.md.
#pragma once

#include <cstddef>

#include "errors/result.h"
#include "sqlite/database.h"
#include "sqlite/schema.h"

namespace audit::store {

// On disk: what is in it never changes, a new version gets a new number.
extern const sqlite::Schema kDaySchema;

// Sets up a connection that writes and creates what is missing. kInvalidArgument: the file was made by
// a newer version. kUnavailable: the file system cannot hold a write-ahead log.
Result<void> PrepareDayFile(sqlite::Database& database, std::size_t cache_bytes);

}  // namespace audit::store
