#include "sqlite/database.h"

#include <sqlite3.h>

#include <utility>

#include "env/durable.h"
#include "sqlite/error.h"

namespace audit::sqlite {
namespace {

int Flags(OpenMode mode) {
  constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case OpenMode::kReadOnly: return kAlways | SQLITE_OPEN_READONLY;
    case OpenMode::kImmutable: return kAlways | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    case OpenMode::kReadWrite:
    case OpenMode::kCreate: return kAlways | SQLITE_OPEN_READWRITE;
  }
  return kAlways;
}

std::string ImmutableUri(const std::string& path) {
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr char kHex[] = "0123456789abcdef";
      uri += {'%', kHex[c >> 4], kHex[c & 0xf]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

// Made by us and not by SQLite, whose files everybody can read: what stands in ours names people.
// SQLite gives the log beside it the same mode.
Result<void> MakeFile(const std::string& path) {
  auto file = env::PosixFileSystem().Open(path, env::OpenMode::kCreate);
  if (!file) return std::move(file).error();
  auto size = (*file)->Size();
  if (!size) return std::move(size).error();
  // Empty: perhaps just made; its name must survive a power cut before anything in it is answered for.
  return *size != 0 ? Result<void>() : env::PosixFileSystem().SyncDirectory(env::ParentDirectory(path));
}

}  // namespace

Result<Database> Database::Open(const std::string& path, OpenMode mode, std::chrono::milliseconds busy_timeout) {
  if (mode == OpenMode::kCreate) {
    if (auto made = MakeFile(path); !made) return std::move(made).error();
  }
  sqlite3* handle = nullptr;
  const bool immutable = mode == OpenMode::kImmutable;
  const std::string name = immutable ? ImmutableUri(path) : path;
  const int code = sqlite3_open_v2(name.c_str(), &handle, Flags(mode), nullptr);
  Database database(handle, path);
  if (code != SQLITE_OK) return MakeError(handle, code, "open " + path);
  sqlite3_busy_timeout(handle, static_cast<int>(busy_timeout.count()));
  return database;
}

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<void> Database::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return MakeError(handle_, code, path_);
  return {};
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &handle, nullptr);
  if (code != SQLITE_OK) return MakeError(handle_, code, path_);
  return Statement(handle);
}

Result<std::int64_t> Database::QueryInteger(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->Step();
  if (!row) return std::move(row).error();
  if (!*row) return Error(ErrorCode::kNotFound, path_ + ": no row");
  return statement->Integer(0);
}

Result<void> Database::UseWriteAheadLog() {
  auto statement = Prepare("PRAGMA journal_mode=WAL");
  if (!statement) return std::move(statement).error();
  auto mode = statement->Step();
  if (!mode) return std::move(mode).error();
  if (*mode && statement->Text(0) == "wal") return {};
  return Error(ErrorCode::kUnavailable, path_ + ": this file system cannot hold a write-ahead log (it needs shared " +
                                            "memory): use a local one for data_dir");
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

void Database::ReleaseMemory() { sqlite3_db_release_memory(handle_); }

Result<Transaction> Transaction::Begin(Database& database) {
  // IMMEDIATE: takes the write lock at once, where the busy time-out applies; a lock taken later,
  // by a transaction that has read already, fails without waiting.
  auto begun = database.Execute("BEGIN IMMEDIATE");
  if (!begun) return std::move(begun).error();
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // Some errors (no space, I/O) have rolled back already.
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle_) != 0) return;
  sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::Commit() { return database_->Execute("COMMIT"); }

}  // namespace audit::sqlite
