// Dead letters in a SQLite file of their own (docs/formats/store.md, "Dead letters"): the pump puts
// them in, `audit-manager dlq` looks at them and takes them out, while the service runs or not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dead_letters/dead_letter_queue.h"
#include "sqlite/database.h"

namespace audit::dead_letters {

// Views live until the callback returns.
struct StoredLetter {
  std::int64_t number = 0;  // its name for people; never used twice in the life of the file
  time::UnixMicros dead_at;
  DeadLetter letter;
};

// All that is set must hold.
struct LetterQuery {
  std::optional<std::int64_t> number = std::nullopt;
  std::optional<std::string> reason = std::nullopt;       // how it begins: "conflict"
  std::optional<std::string> origin = std::nullopt;       // exactly
  std::optional<time::UnixMicros> from = std::nullopt;    // dead_at, inclusive
  std::optional<time::UnixMicros> before = std::nullopt;  // dead_at, exclusive
};

// One thread at a time.
class SqliteDeadLetterQueue final : public DeadLetterQueue {
 public:
  // The file at `path`, made if missing; its folder exists.
  static Result<std::unique_ptr<SqliteDeadLetterQueue>> Open(const std::string& path);
  // kNotFound: there is no such file, so nothing ever died.
  static Result<std::unique_ptr<SqliteDeadLetterQueue>> OpenExisting(const std::string& path);

  // What makes two letters the same is origin, offset and time of ingest: a log that is begun anew
  // counts from the start again, and its letters must not be taken for old ones.
  Result<void> Put(std::span<const DeadLetter> letters, time::UnixMicros now) override;

  // Calls `each` in the order they died, oldest first, until it returns false; gives the number of calls.
  Result<std::uint64_t> List(const LetterQuery& query, const std::function<bool(const StoredLetter&)>& each);
  Result<std::uint64_t> Count(const LetterQuery& query);
  // Takes them out for good, overwriting the bytes; gives how many. Durable when it returns.
  Result<std::uint64_t> Remove(const LetterQuery& query);

 private:
  explicit SqliteDeadLetterQueue(sqlite::Database database) : database_(std::move(database)) {}
  static Result<std::unique_ptr<SqliteDeadLetterQueue>> Open(const std::string& path, sqlite::OpenMode mode);

  sqlite::Database database_;
};

}  // namespace audit::dead_letters
