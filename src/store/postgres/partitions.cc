#include "store/postgres/partitions.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "store/postgres/month_sql.h"
#include "store/postgres/transaction.h"

namespace audit::store::postgres {
namespace {

// Whoever waits for a lock against everybody holds up all who come after, so the wait is short.
constexpr std::chrono::milliseconds kDropLockTimeout{200};
constexpr std::chrono::milliseconds kDropPause{300};
constexpr int kDropTries = 5;

constexpr const char* kList =
    "SELECT c.relname, pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_inherits i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass ORDER BY 1";

constexpr const char* kRights =
    "SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE'), "
    "COALESCE(pg_catalog.has_function_privilege(pg_catalog.to_regprocedure("
    "'audit_events_make_month(integer, integer, boolean)'), 'EXECUTE'), false), current_user "
    "FROM pg_catalog.pg_class c WHERE c.oid = 'audit_events'::regclass";

Result<Rows> RunInTransaction(Connection& connection, const std::string& begin, const std::string& sql) {
  Transaction transaction(connection);
  auto rows = connection.Execute(begin + sql);
  if (!rows) return rows;
  if (auto committed = transaction.Commit(); !committed) return std::move(committed).error();
  return rows;
}

}  // namespace

Result<std::vector<Partition>> ListPartitions(Connection& connection, const PostgresOptions& options) {
  auto rows = RunInTransaction(connection, BeginSql(options), kList);
  if (!rows) return std::move(rows).error();
  std::vector<Partition> partitions;
  const std::string prefix = std::string(kTable) + "_";
  for (int row = 0; row < rows->size(); ++row) {
    const std::string_view name = rows->Text(row, 0);
    if (!name.starts_with(prefix)) continue;
    if (const auto month = Month::Parse(name.substr(prefix.size()))) partitions.push_back({*month, rows->Bool(row, 1)});
  }
  return partitions;
}

Result<MonthRights> AskMonthRights(Connection& connection, const PostgresOptions& options) {
  auto rows = RunInTransaction(connection, BeginSql(options), kRights);
  if (!rows) return std::move(rows).error();
  return MonthRights{.owner = rows->Bool(0, 0), .function = rows->Bool(0, 1), .role = std::string(rows->Text(0, 2))};
}

Result<void> MakeMonth(Connection& connection, const PostgresOptions& options, Month month) {
  auto rights = AskMonthRights(connection, options);
  if (!rights) return std::move(rights).error();
  if (!rights->owner && !rights->function) {
    return Error(ErrorCode::kUnavailable,
                 "there is no partition " + PartitionName(month) + ", and the role " + rights->role +
                     " may not make one: let the owner of audit_events run what "
                     "`audit-manager schema --print` gives, which grants it a function for that");
  }
  auto made = RunInTransaction(
      connection, BeginSql(options),
      rights->owner ? MakeMonthSql(month, options.sub_partition) : CallMakeMonthSql(month, options.sub_partition));
  if (!made)
    return Error(made.error().code(), "make partition " + PartitionName(month) + ": " + made.error().message());
  return {};
}

Result<void> DropMonth(Connection& connection, const PostgresOptions& options, Month month) {
  for (int tried = 1;; ++tried) {
    auto dropped = RunInTransaction(connection, BeginSql(options, kDropLockTimeout), DropMonthSql(month));
    if (dropped) return {};
    if (dropped.error().code() != ErrorCode::kLocked || tried == kDropTries) {
      return Error(dropped.error().code(), "drop partition " + PartitionName(month) + ": " + dropped.error().message());
    }
    std::this_thread::sleep_for(kDropPause);
  }
}

Result<void> KnownMonths::Ensure(Connection& connection, const PostgresOptions& options,
                                 const std::set<Month>& months) {
  {
    const env::MutexLock lock(mutex_);
    if (std::includes(known_.begin(), known_.end(), months.begin(), months.end())) return {};
  }
  auto partitions = ListPartitions(connection, options);
  if (!partitions) return std::move(partitions).error();
  std::set<Month> there;
  for (const Partition& partition : *partitions) there.insert(partition.month);
  for (const Month month : months) {
    if (there.contains(month)) continue;
    if (auto made = MakeMonth(connection, options, month); !made) return made;
    there.insert(month);
  }
  const env::MutexLock lock(mutex_);
  known_.insert(there.begin(), there.end());
  return {};
}

void KnownMonths::Forget() {
  const env::MutexLock lock(mutex_);
  known_.clear();
}

}  // namespace audit::store::postgres
