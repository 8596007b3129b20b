#include "store/postgres/postgres_audit_store.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "env/mutex.h"
#include "store/last_failure.h"
#include "store/month.h"
#include "store/postgres/batch_writer.h"
#include "store/postgres/parallel_writer.h"
#include "store/postgres/partitions.h"
#include "store/postgres/postgres_probe.h"
#include "store/postgres/schema.h"
#include "store/postgres/shares.h"

namespace audit::store {
namespace {

using postgres::BatchWriter;
using postgres::Connection;
using postgres::Share;

const time::UnixMicros kFirstTime = Month{1, 1}.begin();
const time::UnixMicros kTooLate = Month{10'000, 1}.begin();

// A table that does not fit is mended by people, and the batch waits for them.
Error Retryable(Error error) {
  if (error.retryable()) return error;
  return {ErrorCode::kUnavailable, error.message()};
}

}  // namespace

struct PostgresAuditStore::State {
  State(PostgresOptions given, env::Clock& time)
      : options(std::move(given)),
        clock(time),
        probe(options),
        last_failure(time),
        writer(options.writers, [this](std::size_t connection, auto records, auto places, auto outcomes) {
          return WriteShare(connections[connection], records, places, outcomes);
        }) {
    for (int i = 0; i < std::max(1, options.writers); ++i) connections.emplace_back(options, months);
  }

  // Sets the outcome of records that have no place in the table and gives the others.
  Share Place(std::span<const event::Record> records, std::vector<RecordOutcome>* outcomes) const;
  Result<void> Prepare(Connection& connection) EXCLUDES(mutex, preparing);
  Result<void> WriteShare(BatchWriter& connection, std::span<const event::Record> records, postgres::Places places,
                          std::span<RecordOutcome> outcomes);
  void LookAgain() EXCLUDES(mutex);

  const PostgresOptions options;
  env::Clock& clock;
  postgres::KnownMonths months;
  std::deque<BatchWriter> connections;  // each for its thread of `writer`; a deque: they do not move
  PostgresProbe probe;
  LastFailure last_failure;

  env::Mutex preparing;  // the connections do not look at the table side by side
  env::Mutex mutex;
  bool schema_fits GUARDED_BY(mutex) = false;
  bool table_seen GUARDED_BY(mutex) = false;
  std::vector<std::string> advice GUARDED_BY(mutex);

  // Last: its threads use the members above.
  postgres::ParallelWriter writer;
};

Share PostgresAuditStore::State::Place(std::span<const event::Record> records,
                                       std::vector<RecordOutcome>* outcomes) const {
  const std::optional<Month> oldest_kept = OldestKept(clock.Now(), options.retention_months);
  const time::UnixMicros oldest = oldest_kept ? oldest_kept->begin() : kFirstTime;
  Share places;
  places.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const time::UnixMicros when = records[i].occurred_at;
    if (when < kFirstTime || when >= kTooLate) {
      (*outcomes)[i] = {Outcome::kRejected, "its time is outside the years 0001 to 9999"};
    } else if (when < oldest) {
      (*outcomes)[i] = {Outcome::kRejected, "its time is older than the retention of " +
                                                std::to_string(options.retention_months) + " months"};
    } else {
      places.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return places;
}

Result<void> PostgresAuditStore::State::Prepare(Connection& connection) {
  const env::MutexLock one(preparing);
  postgres::Missing missing = postgres::Missing::kIsMade;
  {
    const env::MutexLock lock(mutex);
    if (schema_fits) return {};
    if (table_seen) missing = postgres::Missing::kIsAnError;
  }
  auto ensured = postgres::EnsureSchema(connection, options, missing);
  if (!ensured) return Retryable(std::move(ensured).error());
  const env::MutexLock lock(mutex);
  schema_fits = true;
  table_seen = true;
  advice = std::move(ensured->advice);
  return {};
}

void PostgresAuditStore::State::LookAgain() {
  months.Forget();
  const env::MutexLock lock(mutex);
  schema_fits = false;
}

Result<void> PostgresAuditStore::State::WriteShare(BatchWriter& connection, std::span<const event::Record> records,
                                                   postgres::Places places, std::span<RecordOutcome> outcomes) {
  std::set<Month> needed;
  for (const std::uint32_t place : places) {
    const Month month = Month::Of(records[place].occurred_at);
    if (needed.empty() || *needed.rbegin() != month) needed.insert(month);
  }
  auto open = connection.Open();
  if (!open) return std::move(open).error();
  if (auto prepared = Prepare(**open); !prepared) return prepared;
  if (auto made = months.Ensure(**open, options, needed); !made) return made;
  return connection.Write(records, places, outcomes);
}

PostgresAuditStore::PostgresAuditStore(PostgresOptions options, env::Clock& clock)
    : state_(std::make_unique<State>(std::move(options), clock)) {}

PostgresAuditStore::~PostgresAuditStore() = default;

void PostgresAuditStore::Begin(std::span<const event::Record> records) {
  std::vector<RecordOutcome> outcomes(records.size());
  Share places = state_->Place(records, &outcomes);
  state_->writer.Begin(records, std::move(places), std::move(outcomes));
}

Result<std::vector<RecordOutcome>> PostgresAuditStore::Finish() {
  auto outcomes = state_->writer.Finish();
  if (!outcomes) {
    state_->LookAgain();
    Error error = Retryable(std::move(outcomes).error());
    state_->last_failure.Set(error);
    return error;
  }
  state_->last_failure.Set(std::nullopt);
  return outcomes;
}

void PostgresAuditStore::Abandon() { state_->writer.Abandon(); }

Result<std::vector<std::string>> PostgresAuditStore::MaintainPartitions(time::UnixMicros now, int pre_create_months,
                                                                        int retention_months) {
  const PostgresOptions& options = state_->options;
  auto connection = Connection::Open(options);
  if (!connection) return std::move(connection).error();
  if (auto prepared = state_->Prepare(*connection); !prepared) return std::move(prepared).error();
  std::set<Month> wanted;
  for (int i = 0; i < pre_create_months; ++i) wanted.insert(Month::Of(now).Plus(i));
  // What is known may have been dropped since, by hand or by another replica.
  state_->months.Forget();
  if (auto made = state_->months.Ensure(*connection, options, wanted); !made) return std::move(made).error();

  std::vector<std::string> dropped;
  const std::optional<Month> oldest_kept = OldestKept(now, retention_months);
  if (!oldest_kept) return dropped;
  auto partitions = postgres::ListPartitions(*connection, options);
  if (!partitions) return std::move(partitions).error();
  std::optional<Error> failure;
  for (const postgres::Partition& partition : *partitions) {
    if (partition.month >= *oldest_kept) continue;
    if (!partition.ours_to_drop) {
      failure = Error(ErrorCode::kUnavailable,
                      "months before " + oldest_kept->ToString() + " are past retention, and the role " + options.user +
                          " may not drop them: give the `maintain` role of the service the owner of audit_events");
      break;
    }
    auto done = postgres::DropMonth(*connection, options, partition.month);
    if (done) {
      dropped.push_back(partition.month.ToString());
    } else if (!failure) {
      failure = std::move(done).error();
    }
    if (!connection->usable()) break;
  }
  if (!dropped.empty()) {
    state_->months.Forget();
  } else if (failure) {
    return std::move(*failure);
  }
  return dropped;
}

Result<void> PostgresAuditStore::Check() {
  if (auto last = state_->last_failure.Check(); !last) return last;
  return state_->probe.Check();
}

std::vector<std::string> PostgresAuditStore::Advice() const {
  const env::MutexLock lock(state_->mutex);
  return state_->advice;
}

}  // namespace audit::store
