#include "store/postgres/transaction.h"

namespace audit::store::postgres {

std::string BeginSql(const PostgresOptions& options, std::chrono::milliseconds lock_timeout) {
  const std::string statement = std::to_string(options.statement_timeout.count());
  // A process that stands still in the middle of a transaction must not hold its locks for ever.
  const std::string idle = std::to_string((options.statement_timeout + kAnswerGrace).count());
  // The isolation level is named because a server's default may be another, under which a transaction
  // would not see what was committed while it waited for a lock.
  return "BEGIN ISOLATION LEVEL READ COMMITTED;"
         "SET LOCAL statement_timeout=" +
         statement + ";SET LOCAL lock_timeout=" + std::to_string(lock_timeout.count()) +
         ";SET LOCAL idle_in_transaction_session_timeout=" + idle +
         ";SET LOCAL TimeZone='UTC';SET LOCAL DateStyle='ISO';"
         "SELECT set_config('synchronous_commit','on',true) WHERE current_setting('synchronous_commit')='off';";
}

Result<void> Transaction::Commit() { return Committed(connection_.Execute(kCommitSql)); }

Result<void> Transaction::Committed(const Result<Rows>& finished) {
  if (!finished) return finished.error();
  // A transaction in which something failed answers COMMIT with a roll-back, and no error.
  if (finished->command() != "COMMIT") {
    return Error(ErrorCode::kUnavailable, "PostgreSQL rolled a transaction back instead of committing it");
  }
  return {};
}

}  // namespace audit::store::postgres
