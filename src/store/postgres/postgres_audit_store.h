// The store that many replicas share: one table of PostgreSQL, partitioned by month (docs/postgres.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/clock.h"
#include "store/audit_store.h"
#include "store/postgres/options.h"

namespace audit::store {

// Batches and MaintainPartitions may be for different threads and do not wait for each other: the latter has a
// connection of its own for as long as it takes.
class PostgresAuditStore final : public AuditStore, public StoreProbe {
 public:
  // Makes no connection: that is the first call's business, so that a service starts without its database.
  // `clock` outlives the store; it decides what is too old. ingested_at is the server's clock.
  PostgresAuditStore(PostgresOptions options, env::Clock& clock);
  ~PostgresAuditStore() override;

  // `writers` connections take their shares, each one after the other: what one has done it need not wait for the
  // others to have done. One transaction a share, and more where a record is refused.
  void Begin(std::span<const event::Record> records) override;
  // The table is looked at before the first batch and after a failure, and made where there is none; one that was
  // there and is gone is waited for, as a new one would be in the way of the old when it comes back. Every error is
  // retryable, a table that does not fit too: nothing is lost by waiting for somebody to mend it.
  Result<std::vector<RecordOutcome>> Finish() override;
  void Abandon() override;

  // The names are months: "2019_11". Needs the table's owner to drop; a month can also be made by the function
  // that the owner has left for its writers (schema.h). A month that is being read is left for the next
  // call; the error says so unless another one was dropped.
  Result<std::vector<std::string>> MaintainPartitions(time::UnixMicros now, int pre_create_months,
                                                      int retention_months) override;

  // The failure of the last batch as long as none has succeeded since, or that of a PostgresProbe.
  Result<void> Check() override;

  // What somebody should know about the table, from when it was last looked at; one line each. Any thread.
  [[nodiscard]] std::vector<std::string> Advice() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audit::store
