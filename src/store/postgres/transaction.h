// Transactions that need nothing of the session: what they rely on is set within them, so that a pooler
// may give each one another server connection.
#pragma once

#include <chrono>
#include <string>

#include "errors/result.h"
#include "store/postgres/connection.h"

namespace audit::store::postgres {

// BEGIN with our time-outs, and a commit that waits for the disk wherever the server's default does not.
// To be put in front of a transaction's first statement: it then costs no round trip.
[[nodiscard]] std::string BeginSql(const PostgresOptions& options, std::chrono::milliseconds lock_timeout);
[[nodiscard]] inline std::string BeginSql(const PostgresOptions& options) {
  return BeginSql(options, options.lock_timeout);
}

// Without a time-out: one that strikes while a commit waits for its synchronous standby does not undo it, the server
// only stops waiting and says "committed". Our own deadline holds.
inline constexpr const char* kCommitSql = "SET LOCAL statement_timeout=0;COMMIT";

// Rolls back on destruction what was begun on `connection` and not committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction() { connection_.Rollback(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // Durable when it succeeds. After an error with the connection lost nobody knows; with a report nothing
  // was committed.
  Result<void> Commit();
  // The same by kCommitSql behind a COPY, which saves a round trip: `finished` is what finishing it gave.
  static Result<void> Committed(const Result<Rows>& finished);

 private:
  Connection& connection_;
};

}  // namespace audit::store::postgres
