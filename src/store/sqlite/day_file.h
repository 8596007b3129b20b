// One day's open database file: puts records in and tells duplicates from conflicts.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "errors/result.h"
#include "event/record.h"
#include "sqlite/database.h"
#include "store/audit_store.h"

namespace audit::store {

struct DayFileOptions {
  std::size_t cache_bytes = 0;
  std::chrono::milliseconds busy_timeout{0};
};

// Movable. One thread at a time.
class DayFile {
 public:
  // Opens the file at `path`, made if missing; its folder exists.
  static Result<DayFile> Open(const std::string& path, const DayFileOptions& options);

  [[nodiscard]] sqlite::Database& database() { return database_; }

  // Inside a transaction of database(). An error is about the file; what is wrong with the record
  // itself is kRejected, and the transaction goes on without it.
  Result<RecordOutcome> Insert(const event::Record& record, std::string_view ingested_at);

 private:
  DayFile(sqlite::Database database, sqlite::Statement insert, sqlite::Statement find)
      : database_(std::move(database)), insert_(std::move(insert)), find_(std::move(find)) {}
  Result<RecordOutcome> CompareWithStored(const event::Record& record, std::string_view occurred_at);

  sqlite::Database database_;  // before the statements: it outlives them
  sqlite::Statement insert_;
  sqlite::Statement find_;
};

}  // namespace audit::store
