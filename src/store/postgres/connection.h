// One connection to PostgreSQL: Result over libpq's asynchronous calls, so that every wait has a deadline
// and a server that is gone or stands still holds nobody up. libpq-fe.h is included in .cc files only.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errors/result.h"
#include "store/postgres/options.h"
#include "store/postgres/rows.h"
#include "store/postgres/sqlstate.h"

struct pg_conn;

namespace audit::store::postgres {

// How much longer than the server's own time-out we wait for its answer before we take it for dead.
inline constexpr std::chrono::milliseconds kAnswerGrace{5'000};

enum class Format : std::uint8_t { kText, kBinary };

// Movable. One thread at a time. Errors are retryable ones (CodeOf), kTimeout where a deadline passed, and
// name host, port and database, no value of a row.
class Connection {
 public:
  Connection() = default;  // closed
  // Tries the hosts in turn, options.connect_timeout each. Resolving a name may take as long as the
  // system's resolver does: libpq has no other way.
  static Result<Connection> Open(const PostgresOptions& options);

  // Runs statements without parameters, separated by semicolons, up to the first error; gives the rows of
  // the last one. They may not end in a COPY.
  Result<Rows> Execute(const std::string& sql);
  // Runs one statement with $1, $2, ...
  Result<Rows> Query(const std::string& sql, const std::vector<std::string>& parameters, Format format = Format::kText);

  // Runs statements up to a COPY ... FROM STDIN. Then Send as often as needed, then Finish, which runs the statements
  // behind it and gives the rows of the last one; all of it within one statement_timeout. After an error of Send there
  // is nothing to finish.
  Result<void> StartCopy(const std::string& sql);
  Result<void> SendCopy(std::string_view bytes);
  Result<Rows> FinishCopy();

  // What the server reported when the last call failed. nullopt: it did not fail, or the failure is not the
  // server's answer (connection lost, deadline).
  [[nodiscard]] const std::optional<Report>& report() const { return report_; }
  // False once the connection is lost or given up: open another.
  [[nodiscard]] bool usable() const;
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] bool encrypted() const;
  // Of the server process that answers, as whoever took the connection told it: a pooler tells a number of its own.
  [[nodiscard]] int backend_pid() const;
  // Gives it up: the server rolls back what is under way.
  void Close() { connection_.reset(); }
  // Ends a transaction whatever its state, or closes the connection where that cannot be done at once.
  void Rollback();

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Finish {
    void operator()(pg_conn* connection) const;
  };

  explicit Connection(const PostgresOptions& options) : patience_(options.statement_timeout + kAnswerGrace) {}
  static Result<Connection> OpenHost(const PostgresOptions& options, const std::string& host, bool one_of_many);

  // Waits until the socket can be read, or written if `writable` asks for that too. False: deadline.
  bool WaitForSocket(bool writable, Deadline deadline);
  // Sends what is buffered, down to nothing.
  Result<void> Flush(Deadline deadline);
  // Reads answers to their end, or up to the moment when the server waits for COPY data.
  Result<Rows> Collect(Deadline deadline);
  Error Refused();  // it did not come about
  Error Lost();
  Error TimedOut();
  [[nodiscard]] Deadline FromNow() const { return std::chrono::steady_clock::now() + patience_; }

  std::unique_ptr<pg_conn, Finish> connection_;
  std::string where_;  // "auditmanager at db:5432"
  std::chrono::milliseconds patience_{0};
  Deadline copy_deadline_;
  std::optional<Report> report_;
};

}  // namespace audit::store::postgres
