#include "store/sqlite/sqlite_audit_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>
#include <utility>

#include "env/durable.h"
#include "env/mutex.h"
#include "store/last_failure.h"
#include "store/sqlite/day_files.h"
#include "store/sqlite/layout.h"
#include "store/sqlite/retention.h"
#include "time/rfc3339.h"

namespace audit::store {
namespace {

// A record of the batch and the day it belongs to.
struct Placed {
  Day day;
  std::size_t index = 0;
  auto operator<=>(const Placed&) const = default;
};

// What the caller of the store is told of a file's failure. All of these are tried again: nothing
// of a batch is lost by it, however long the cause lasts.
Error FileError(const Error& error, const std::string& path) {
  switch (error.code()) {
    case ErrorCode::kLocked:
    case ErrorCode::kNoSpace: return error;
    case ErrorCode::kCorrupt:
      return {ErrorCode::kUnavailable, error.message() + "; nothing is lost, but nothing goes on until somebody " +
                                           "moves " + path + " away (docs/formats/store.md, \"A damaged file\")"};
    default: return {ErrorCode::kUnavailable, error.message()};
  }
}

}  // namespace

struct SqliteAuditStore::State {
  State(SqliteStoreOptions given, env::Clock& time)
      : options(std::move(given)),
        clock(time),
        files(options.directory, options.open_days, {options.cache_bytes, options.busy_timeout}),
        last_failure(time) {}

  // Sets the outcome of records that have no place in the store and gives the others, by day and
  // in the order of the batch.
  std::vector<Placed> Place(std::span<const event::Record> records, time::UnixMicros now,
                            std::vector<RecordOutcome>* outcomes) const;
  Result<void> WriteDay(std::span<const Placed> placed, std::span<const event::Record> records,
                        std::string_view ingested_at, std::vector<RecordOutcome>* outcomes) REQUIRES(mutex);
  Result<void> TryWriteDay(std::span<const Placed> placed, std::span<const event::Record> records,
                           std::string_view ingested_at, std::vector<RecordOutcome>* outcomes) REQUIRES(mutex);

  const SqliteStoreOptions options;
  env::Clock& clock;
  std::deque<std::span<const event::Record>> begun;

  env::Mutex mutex;
  DayFiles files GUARDED_BY(mutex);

  LastFailure last_failure;
};

std::vector<Placed> SqliteAuditStore::State::Place(std::span<const event::Record> records, time::UnixMicros now,
                                                   std::vector<RecordOutcome>* outcomes) const {
  const std::optional<Month> oldest_kept = OldestKept(now, options.retention_months);
  std::vector<Placed> placed;
  placed.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const time::UnixMicros when = records[i].occurred_at;
    if (!HasDay(when)) {
      (*outcomes)[i] = {Outcome::kRejected, "its time is outside the years 0001 to 9999"};
    } else if (oldest_kept && when < oldest_kept->begin()) {
      (*outcomes)[i] = {Outcome::kRejected, "its time is older than the retention of " +
                                                std::to_string(options.retention_months) + " months"};
    } else {
      placed.push_back({DayOf(when), i});
    }
  }
  std::sort(placed.begin(), placed.end());
  return placed;
}

Result<void> SqliteAuditStore::State::TryWriteDay(std::span<const Placed> placed,
                                                  std::span<const event::Record> records, std::string_view ingested_at,
                                                  std::vector<RecordOutcome>* outcomes) {
  auto file = files.Get(placed.front().day);
  if (!file) return std::move(file).error();
  auto transaction = sqlite::Transaction::Begin((*file)->database());
  if (!transaction) return std::move(transaction).error();
  for (const Placed& place : placed) {
    auto outcome = (*file)->Insert(records[place.index], ingested_at);
    if (!outcome) return std::move(outcome).error();
    (*outcomes)[place.index] = std::move(*outcome);
  }
  // The commit point. A crash before it leaves nothing of this day, one after it leaves all of it,
  // and the repeated batch finds its rows as duplicates.
  return transaction->Commit();
}

Result<void> SqliteAuditStore::State::WriteDay(std::span<const Placed> placed, std::span<const event::Record> records,
                                               std::string_view ingested_at, std::vector<RecordOutcome>* outcomes) {
  const Day day = placed.front().day;
  auto written = TryWriteDay(placed, records, ingested_at, outcomes);
  if (written) return written;
  // After a failed write or sync the connection starts anew, from what the files say: SQLite writes
  // the pages of the repeated transaction again, so that their sync speaks for them.
  if (written.error().code() != ErrorCode::kLocked) files.Close(day);
  return FileError(written.error(), DayPath(options.directory, day));
}

Result<std::unique_ptr<SqliteAuditStore>> SqliteAuditStore::Open(SqliteStoreOptions options, env::Clock& clock) {
  auto made = env::CreateDirectoryDurably(env::PosixFileSystem(), options.directory);
  if (!made) return std::move(made).error();
  return std::unique_ptr<SqliteAuditStore>(new SqliteAuditStore(std::make_unique<State>(std::move(options), clock)));
}

SqliteAuditStore::SqliteAuditStore(std::unique_ptr<State> state) : state_(std::move(state)) {}

SqliteAuditStore::~SqliteAuditStore() = default;

void SqliteAuditStore::Begin(std::span<const event::Record> records) { state_->begun.push_back(records); }

void SqliteAuditStore::Abandon() { state_->begun.clear(); }

Result<std::vector<RecordOutcome>> SqliteAuditStore::Finish() {
  const std::span<const event::Record> records = state_->begun.front();
  state_->begun.pop_front();
  const time::UnixMicros now = state_->clock.Now();
  const std::string ingested_at = time::FormatMicros(now);
  std::vector<RecordOutcome> outcomes(records.size());
  const std::vector<Placed> placed = state_->Place(records, now, &outcomes);

  const env::MutexLock lock(state_->mutex);
  for (auto first = placed.begin(); first != placed.end();) {
    const auto last = std::find_if(first, placed.end(), [&](const Placed& place) { return place.day != first->day; });
    auto written = state_->WriteDay({first, last}, records, ingested_at, &outcomes);
    if (!written) {
      state_->last_failure.Set(written.error());
      Abandon();
      return std::move(written).error();
    }
    first = last;
  }
  state_->last_failure.Set(std::nullopt);
  return outcomes;
}

Result<std::vector<std::string>> SqliteAuditStore::MaintainPartitions(time::UnixMicros now, int pre_create_months,
                                                                      int retention_months) {
  std::vector<std::string> dropped;
  {
    const env::MutexLock lock(state_->mutex);
    state_->files.CloseUnused();
    if (auto made = MakeMonths(state_->options.directory, Month::Of(now), pre_create_months); !made) {
      return std::move(made).error();
    }
    if (const std::optional<Month> oldest_kept = OldestKept(now, retention_months)) {
      auto expired = ListExpired(state_->options.directory, *oldest_kept);
      if (!expired) return std::move(expired).error();
      for (const Month month : *expired) {
        state_->files.CloseMonth(month);
        if (auto aside = SetAside(state_->options.directory, month); !aside) return std::move(aside).error();
        dropped.push_back(month.ToString());
      }
    }
  }
  if (auto deleted = DeleteSetAside(state_->options.directory); !deleted) return std::move(deleted).error();
  return dropped;
}

Result<void> SqliteAuditStore::Check() {
  if (auto last = state_->last_failure.Check(); !last) return last;
  const std::string& directory = state_->options.directory;
  if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return Error::FromErrno(errno, "write to " + directory);
  return {};
}

}  // namespace audit::store
