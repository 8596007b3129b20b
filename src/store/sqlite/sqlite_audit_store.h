// The embedded store of audit events: SQLite files, one a day (docs/formats/store.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "env/clock.h"
#include "store/audit_store.h"

namespace audit::store {

struct SqliteStoreOptions {
  std::string directory;     // "data/store"; made if missing
  int retention_months = 0;  // a record of an older month is rejected; 0: none is
  std::size_t open_days = 8;
  // Of the day that is written. The pages that a batch changes should fit, or they are written twice:
  // 10,000 random rows change 43 MiB of a file that holds 300,000.
  std::size_t cache_bytes = 48U << 20;
  // Another connection's lock is waited for that long before a call fails with kLocked.
  std::chrono::milliseconds busy_timeout{1'000};
};

// Finish and MaintainPartitions may be called from different threads; they take turns, but for the
// deleting of dropped months, which a Finish does not wait for.
class SqliteAuditStore final : public AuditStore, public StoreProbe {
 public:
  // `clock` outlives the store and gives ingested_at.
  static Result<std::unique_ptr<SqliteAuditStore>> Open(SqliteStoreOptions options, env::Clock& clock);
  ~SqliteAuditStore() override;

  void Begin(std::span<const event::Record> records) override;
  // Nothing is written before. One transaction a day of the batch. A file that is damaged, or of a kind that we cannot
  // use, fails the call with kUnavailable and a message that names it and what to do; it is never changed or deleted.
  // Days written before that stay, and answer kDuplicate when the batch is repeated.
  Result<std::vector<RecordOutcome>> Finish() override;
  void Abandon() override;

  // A month is a folder. Also closes day files that were not used since the last call.
  Result<std::vector<std::string>> MaintainPartitions(time::UnixMicros now, int pre_create_months,
                                                      int retention_months) override;

  // The failure of the last batch as long as none has succeeded since, or that of the folder itself.
  Result<void> Check() override;

 private:
  struct State;
  explicit SqliteAuditStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::store
