// A file's tables and the version they are of.
#pragma once

#include <cstdint>

#include "sqlite/database.h"

namespace audit::sqlite {

struct Schema {
  std::int64_t application_id = 0;  // PRAGMA application_id: says to `file` and people whose it is
  std::int64_t version = 0;         // PRAGMA user_version; from 1
  const char* sql = nullptr;        // makes what is missing (IF NOT EXISTS)
};

// Makes the tables of a file that has none yet, in one transaction; several processes may do so at
// once. kInvalidArgument: a newer version of the program made the file.
Result<void> EnsureSchema(Database& database, const Schema& schema);

// The version of the file's tables; 0: it was made and never filled. kInvalidArgument as above.
Result<std::int64_t> SchemaVersion(Database& database, const Schema& schema);

}  // namespace audit::sqlite
