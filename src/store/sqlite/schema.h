// What is inside a day file: the table of contract section 3 and how SQLite is set up for it. The
// page for people is docs/formats/store.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "errors/result.h"
#include "sqlite/database.h"

namespace audit::store {

// PRAGMA application_id of every day file: "AUDT". On disk: never change it.
inline constexpr std::int64_t kApplicationId = 0x41554454;
// PRAGMA user_version: the version of the schema. 0 is a file that was made and never filled.
inline constexpr std::int64_t kSchemaVersion = 1;

// Sets up a connection that writes and creates what is missing. kUnavailable: the file was made by
// a newer version, or the file system has no shared memory for a write-ahead log.
Result<void> PrepareDayFile(sqlite::Database& database, std::size_t cache_bytes);

}  // namespace audit::store
