#include "dead_letters/sqlite_dead_letter_queue.h"

#include <chrono>
#include <utility>
#include <vector>

#include "sqlite/schema.h"
#include "time/rfc3339.h"

namespace audit::dead_letters {
namespace {

// Long enough for the other side, be it the service or a person's command, to finish its transaction.
constexpr std::chrono::milliseconds kBusyTimeout{2'000};

// AUTOINCREMENT: a number that somebody noted down never comes to mean another letter.
constexpr char kTables[] =
    "CREATE TABLE IF NOT EXISTS dead_letters ("
    "number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "dead_at TEXT NOT NULL,"
    "reason TEXT NOT NULL,"
    "origin TEXT NOT NULL,"
    "\"offset\" INTEGER NOT NULL,"
    "key BLOB NOT NULL,"
    "value BLOB NOT NULL,"
    "ingested_at TEXT NOT NULL,"
    "UNIQUE (origin, \"offset\", ingested_at)"
    ") STRICT";

// On disk: what is in it never changes, a new version gets a new number. "AUDD".
constexpr sqlite::Schema kSchema{.application_id = 0x41554444, .version = 1, .sql = kTables};

constexpr std::string_view kInsert =
    "INSERT INTO dead_letters (dead_at, reason, origin, \"offset\", key, value, ingested_at) VALUES (?,?,?,?,?,?,?) "
    "ON CONFLICT DO NOTHING";
constexpr char kColumns[] = "SELECT number, dead_at, reason, origin, \"offset\", key, value, ingested_at";

// `verb` over the letters of the query, with its values bound. They outlive the statement's use.
struct Selection {
  explicit Selection(const LetterQuery& query) {
    number = query.number;
    if (query.reason) Where("substr(reason, 1, length(?)) = ?", {*query.reason, *query.reason});
    if (query.origin) Where("origin = ?", {*query.origin});
    if (query.from) Where("dead_at >= ?", {time::FormatMicros(*query.from)});
    if (query.before) Where("dead_at < ?", {time::FormatMicros(*query.before)});
  }

  Result<sqlite::Statement> Prepare(sqlite::Database& database, const std::string& verb, const std::string& end) const {
    std::string sql = verb + " FROM dead_letters WHERE true" + conditions;
    if (number) sql += " AND number = ?";
    auto statement = database.Prepare(sql + end);
    if (!statement) return statement;
    int parameter = 1;
    for (const std::string& value : values) statement->BindText(parameter++, value);
    if (number) statement->BindInteger(parameter, *number);
    return statement;
  }

  void Where(const char* condition, std::initializer_list<std::string> bound) {
    conditions += std::string(" AND ") + condition;
    values.insert(values.end(), bound);
  }

  std::optional<std::int64_t> number;
  std::string conditions;
  std::vector<std::string> values;
};

}  // namespace

Result<std::unique_ptr<SqliteDeadLetterQueue>> SqliteDeadLetterQueue::Open(const std::string& path) {
  return Open(path, sqlite::OpenMode::kCreate);
}

Result<std::unique_ptr<SqliteDeadLetterQueue>> SqliteDeadLetterQueue::OpenExisting(const std::string& path) {
  return Open(path, sqlite::OpenMode::kReadWrite);
}

Result<std::unique_ptr<SqliteDeadLetterQueue>> SqliteDeadLetterQueue::Open(const std::string& path,
                                                                           sqlite::OpenMode mode) {
  auto database = sqlite::Database::Open(path, mode, kBusyTimeout);
  if (!database) return std::move(database).error();
  // secure_delete: what is taken out is overwritten, because it may name people.
  auto set = database->Execute("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON");
  if (!set) return std::move(set).error();
  if (auto log = database->UseWriteAheadLog(); !log) return std::move(log).error();
  if (auto made = sqlite::EnsureSchema(*database, kSchema); !made) return std::move(made).error();
  return std::unique_ptr<SqliteDeadLetterQueue>(new SqliteDeadLetterQueue(std::move(*database)));
}

Result<void> SqliteDeadLetterQueue::Put(std::span<const DeadLetter> letters, time::UnixMicros now) {
  const std::string dead_at = time::FormatMicros(now);
  auto transaction = sqlite::Transaction::Begin(database_);
  if (!transaction) return std::move(transaction).error();
  auto insert = database_.Prepare(kInsert);
  if (!insert) return std::move(insert).error();
  for (const DeadLetter& letter : letters) {
    const std::string ingested_at = time::FormatMicros(letter.ingested_at);
    insert->BindText(1, dead_at);
    insert->BindText(2, letter.reason);
    insert->BindText(3, letter.origin);
    insert->BindInteger(4, static_cast<std::int64_t>(letter.offset));
    insert->BindBlob(5, letter.key.value_or(""));
    insert->BindBlob(6, letter.value);
    insert->BindText(7, ingested_at);
    const Result<bool> stepped = insert->Step();
    insert->Reset();
    if (!stepped) return stepped.error();
  }
  return transaction->Commit();
}

Result<std::uint64_t> SqliteDeadLetterQueue::List(const LetterQuery& query,
                                                  const std::function<bool(const StoredLetter&)>& each) {
  const Selection selection(query);
  auto rows = selection.Prepare(database_, kColumns, " ORDER BY number");
  if (!rows) return std::move(rows).error();
  for (std::uint64_t given = 0;; ++given) {
    auto row = rows->Step();
    if (!row) return std::move(row).error();
    if (!*row) return given;
    const auto dead_at = time::ParseRfc3339(rows->Text(1));
    const auto ingested_at = time::ParseRfc3339(rows->Text(7));
    if (!dead_at || !ingested_at) return Error(ErrorCode::kCorrupt, database_.path() + ": a letter without its time");
    const StoredLetter stored{.number = rows->Integer(0),
                              .dead_at = *dead_at,
                              .letter = {.reason = rows->Text(2),
                                         .origin = rows->Text(3),
                                         .offset = static_cast<std::uint64_t>(rows->Integer(4)),
                                         .key = rows->Blob(5),
                                         .value = rows->Blob(6),
                                         .ingested_at = *ingested_at}};
    if (!each(stored)) return given + 1;
  }
}

Result<std::uint64_t> SqliteDeadLetterQueue::Count(const LetterQuery& query) {
  const Selection selection(query);
  auto rows = selection.Prepare(database_, "SELECT count(*)", "");
  if (!rows) return std::move(rows).error();
  auto row = rows->Step();
  if (!row) return std::move(row).error();
  return static_cast<std::uint64_t>(rows->Integer(0));
}

Result<std::uint64_t> SqliteDeadLetterQueue::Remove(const LetterQuery& query) {
  const Selection selection(query);
  auto statement = selection.Prepare(database_, "DELETE", "");
  if (!statement) return std::move(statement).error();
  auto removed = statement->Step();
  if (!removed) return std::move(removed).error();
  return static_cast<std::uint64_t>(database_.changes());
}

}  // namespace audit::dead_letters
