// What a SQLite result code means in the project's own error vocabulary.
#pragma once

#include <string_view>

#include "errors/error.h"

struct sqlite3;

namespace audit::sqlite {

// The error of a failed call on `database` (may be null when opening failed for want of memory): `what`
// ("open store/2026_11/24.db"), then SQLite's own text, which names columns but never values.
//
//   BUSY, LOCKED                        kLocked           another connection holds a lock
//   FULL, or any code with ENOSPC       kNoSpace
//   CORRUPT, NOTADB                     kCorrupt
//   CONSTRAINT, TOOBIG, MISMATCH, RANGE kInvalidArgument  this row can never go in
//   CANTOPEN with ENOENT                kNotFound
//   CANTOPEN, READONLY, PERM, NOMEM     kUnavailable
//   everything else                     kIo
[[nodiscard]] Error MakeError(sqlite3* database, int code, std::string_view what);

}  // namespace audit::sqlite
