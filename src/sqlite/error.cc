#include "sqlite/error.h"

#include <sqlite3.h>

#include <cerrno>
#include <string>

namespace audit::sqlite {
namespace {

// The errno of the system call that failed last on this connection; 0 where none did.
int SystemErrno(sqlite3* database, int primary) {
  if (database == nullptr || (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN && primary != SQLITE_FULL))
    return 0;
  return sqlite3_system_errno(database);
}

ErrorCode CodeOf(int primary, int system_errno) {
  if (system_errno == ENOSPC || system_errno == EDQUOT) return ErrorCode::kNoSpace;
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::kLocked;
    case SQLITE_FULL: return ErrorCode::kNoSpace;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kCorrupt;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: return ErrorCode::kInvalidArgument;
    case SQLITE_CANTOPEN: return system_errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM: return ErrorCode::kUnavailable;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

Error MakeError(sqlite3* database, int code, std::string_view what) {
  const int primary = code & 0xff;
  std::string message(what);
  message += ": ";
  message += database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return {CodeOf(primary, SystemErrno(database, primary)), std::move(message)};
}

}  // namespace audit::sqlite
