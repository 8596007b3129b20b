// Which months have a partition, and seeing to it that a month has one.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "env/mutex.h"
#include "errors/result.h"
#include "store/month.h"
#include "store/postgres/connection.h"

namespace audit::store::postgres {

struct Partition {
  Month month;
  bool ours_to_drop = false;  // the role owns it or is a member of its owner
};

// Partitions of audit_events that are named exactly like a month of it, the oldest first. Others are not ours.
Result<std::vector<Partition>> ListPartitions(Connection& connection, const PostgresOptions& options);

// How the role may make months, if at all.
struct MonthRights {
  bool owner = false;     // of the table
  bool function = false;  // may call the one that the owner made for it
  std::string role;
};
Result<MonthRights> AskMonthRights(Connection& connection, const PostgresOptions& options);

// Makes it unless it is there, by whichever way the role may: as the table's owner, or by the function that
// the owner has made for it. Writers are not held up.
Result<void> MakeMonth(Connection& connection, const PostgresOptions& options, Month month);

// Takes the lock that it needs, against every reader and writer, for a moment only and tries that a few
// times. kLocked: somebody is still reading.
Result<void> DropMonth(Connection& connection, const PostgresOptions& options, Month month);

// Remembers which months have one. Any thread.
class KnownMonths {
 public:
  // Makes those of `months` that have none.
  Result<void> Ensure(Connection& connection, const PostgresOptions& options, const std::set<Month>& months);
  // A partition is gone, or nobody knows.
  void Forget();

 private:
  env::Mutex mutex_;
  std::set<Month> known_ GUARDED_BY(mutex_);
};

}  // namespace audit::store::postgres
