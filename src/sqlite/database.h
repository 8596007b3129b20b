// A connection to one SQLite file and the statements prepared on it: RAII and Result over the C API,
// nothing more. What tables mean is the business of store/ and dead_letters/.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "errors/result.h"
#include "sqlite/statement.h"

struct sqlite3;

namespace audit::sqlite {

enum class OpenMode : std::uint8_t {
  kReadOnly,   // must exist; may still make the -wal and -shm files that reading beside a writer needs
  kImmutable,  // must exist, on a file system that nobody can write: takes no locks at all
  kReadWrite,  // must exist
  kCreate,     // made if missing, durably and with mode 0640
};

// Movable. One thread at a time (SQLite's own mutexes are off).
class Database {
 public:
  // `busy_timeout`: how long a call waits for another connection's lock before it fails with kLocked.
  static Result<Database> Open(const std::string& path, OpenMode mode, std::chrono::milliseconds busy_timeout);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  // The last connection to a file takes its write-ahead log into it and removes the log.
  ~Database();

  // Runs statements that give no rows, separated by semicolons.
  Result<void> Execute(const char* sql);
  // Destroy statements before the connection.
  Result<Statement> Prepare(std::string_view sql);
  // The one value of a query that gives a single integer (PRAGMA user_version).
  Result<std::int64_t> QueryInteger(std::string_view sql);
  // From here on, and for everybody who opens the file: writers append to a log beside it and readers
  // are not held up. kUnavailable on a file system without the shared memory that this needs.
  Result<void> UseWriteAheadLog();
  // Rows that the last INSERT, UPDATE or DELETE changed.
  [[nodiscard]] std::int64_t changes() const;
  // Gives the page cache's clean pages back to the system.
  void ReleaseMemory();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  friend class Transaction;
  Database(sqlite3* handle, std::string path);
  sqlite3* handle_ = nullptr;
  std::string path_;
};

// BEGIN IMMEDIATE ... COMMIT. Rolls back on destruction unless Commit succeeded.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Durable when this returns, with synchronous=FULL. On an error nothing was committed.
  Result<void> Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace audit::sqlite
