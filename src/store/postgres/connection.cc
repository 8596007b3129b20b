#include "store/postgres/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace audit::store::postgres {
namespace {

using Clock = std::chrono::steady_clock;

// libpq ends its messages with a line feed and puts several on lines of their own, some of them indented.
std::string OneLine(const char* text) {
  std::string line(text == nullptr ? "" : text);
  std::erase(line, '\t');
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::string joined;
  for (const char c : line) joined += c == '\n' ? std::string("; ") : std::string(1, c);
  return joined;
}

std::vector<std::string> HostsIn(const std::string& list) {
  std::vector<std::string> hosts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = list.find(',', begin);
    hosts.push_back(list.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos) return hosts;
    begin = end + 1;
  }
}

std::string Field(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? "" : text;
}

Report ReportOf(const PGresult* result) {
  return {.sqlstate = Field(result, PG_DIAG_SQLSTATE),
          .message = OneLine(Field(result, PG_DIAG_MESSAGE_PRIMARY).c_str()),
          .constraint = Field(result, PG_DIAG_CONSTRAINT_NAME),
          .column = Field(result, PG_DIAG_COLUMN_NAME)};
}

}  // namespace

void Connection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<Connection> Connection::Open(const PostgresOptions& options) {
  const std::vector<std::string> hosts = HostsIn(options.host);
  auto opened = OpenHost(options, hosts.front(), hosts.size() > 1);
  for (std::size_t i = 1; i < hosts.size() && !opened; ++i) {
    auto next = OpenHost(options, hosts[i], true);
    if (next) return next;
    opened = Error(opened.error().code(), opened.error().message() + "; " + next.error().message());
  }
  return opened;
}

Result<Connection> Connection::OpenHost(const PostgresOptions& options, const std::string& host, bool one_of_many) {
  Connection connection(options);
  const std::string port = std::to_string(options.port);
  connection.where_ = options.name + " at " + host + ":" + port;
  // Data that nobody acknowledges ends the connection, also one that stood idle while a firewall forgot it.
  const std::string unacknowledged = std::to_string(options.connect_timeout.count());
  // No `options`: PgBouncer refuses it. What a transaction needs is set within it (transaction.h).
  const std::array<std::pair<const char*, const char*>, 12> settings = {{
      {"host", host.c_str()},
      {"port", port.c_str()},
      {"dbname", options.name.c_str()},
      {"user", options.user.c_str()},
      {"password", options.password.c_str()},
      {"sslmode", options.sslmode.c_str()},
      {"sslrootcert", options.sslrootcert.c_str()},
      {"application_name", options.application_name.c_str()},
      {"client_encoding", "UTF8"},
      {"gssencmode", "disable"},  // else every connection asks for a Kerberos ticket first
      {"tcp_user_timeout", unacknowledged.c_str()},
      {"target_session_attrs", one_of_many ? "read-write" : "any"},
  }};
  std::array<const char*, settings.size() + 1> names{};
  std::array<const char*, settings.size() + 1> values{};
  for (std::size_t i = 0; i < settings.size(); ++i) {
    names[i] = settings[i].first;
    values[i] = settings[i].second;
  }
  connection.connection_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  PGconn* handle = connection.connection_.get();
  if (handle == nullptr) return Error(ErrorCode::kUnavailable, "no memory for a connection to PostgreSQL");
  PQsetErrorVerbosity(handle, PQERRORS_VERBOSE);  // for Refused

  const Deadline deadline = Clock::now() + options.connect_timeout;
  // libpq asks for a wait until the socket can be written before the first poll.
  for (PostgresPollingStatusType want = PGRES_POLLING_WRITING; PQstatus(handle) != CONNECTION_BAD;) {
    if (want == PGRES_POLLING_OK) break;
    if (want == PGRES_POLLING_FAILED) return connection.Refused();
    pollfd socket{.fd = PQsocket(handle),
                  .events = static_cast<short>(want == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                  .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return connection.TimedOut();
    const int ready = ::poll(&socket, 1, static_cast<int>(left));
    if (ready == 0) return connection.TimedOut();
    if (ready > 0) want = PQconnectPoll(handle);
  }
  if (PQstatus(handle) != CONNECTION_OK) return connection.Refused();
  PQsetErrorVerbosity(handle, PQERRORS_DEFAULT);
  if (PQsetnonblocking(handle, 1) != 0) return connection.Lost();
  // Notices (a partition that exists already, ...) would go to stderr, past our log.
  PQsetNoticeReceiver(handle, [](void*, const PGresult*) {}, nullptr);
  return connection;
}

bool Connection::usable() const { return connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK; }

bool Connection::in_transaction() const { return usable() && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE; }

Error Connection::Refused() {
  Error error = ErrorOf(ReportOfRefusal(PQerrorMessage(connection_.get())), "PostgreSQL " + where_);
  Close();
  return error;
}

bool Connection::encrypted() const { return usable() && PQsslInUse(connection_.get()) != 0; }

int Connection::backend_pid() const { return usable() ? PQbackendPID(connection_.get()) : 0; }

Error Connection::Lost() {
  report_.reset();
  std::string message = "PostgreSQL " + where_ + ": " + OneLine(PQerrorMessage(connection_.get()));
  Close();
  return {ErrorCode::kUnavailable, std::move(message)};
}

Error Connection::TimedOut() {
  report_.reset();
  Close();
  return {ErrorCode::kTimeout, "PostgreSQL " + where_ + " does not answer; the connection is given up"};
}

bool Connection::WaitForSocket(bool writable, Deadline deadline) {
  for (;;) {
    pollfd socket{.fd = PQsocket(connection_.get()),
                  .events = static_cast<short>(writable ? POLLIN | POLLOUT : POLLIN),
                  .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(&socket, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return true;  // the next call on the connection reports it
  }
}

Result<void> Connection::Flush(Deadline deadline) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    // The server's last words, if any, are read with the answers: only they say why it hung up.
    if (left < 0) return {};
    if (!WaitForSocket(true, deadline)) return TimedOut();
    // Reading too: a server that reports an error may stop reading until we take it.
    if (PQconsumeInput(connection_.get()) == 0) return {};
  }
}

Result<Rows> Connection::Collect(Deadline deadline) {
  if (auto flushed = Flush(deadline); !flushed) return std::move(flushed).error();
  report_.reset();
  std::optional<Error> failure;
  Rows last;
  for (;;) {
    while (PQisBusy(connection_.get()) != 0) {
      if (!WaitForSocket(false, deadline)) return TimedOut();
      if (PQconsumeInput(connection_.get()) == 0) break;
    }
    PGresult* const result = PQgetResult(connection_.get());
    if (result == nullptr) break;
    Rows rows(result);
    switch (PQresultStatus(result)) {
      case PGRES_COPY_IN: return rows;
      case PGRES_EMPTY_QUERY:
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK: last = std::move(rows); break;
      default:
        // The first one is the cause.
        if (!failure) {
          report_ = ReportOf(result);
          if (report_->sqlstate.empty()) report_->message = OneLine(PQresultErrorMessage(result));
          failure = ErrorOf(*report_, "PostgreSQL " + where_);
        }
    }
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    // The server's own words where it had some ("terminating connection due to administrator command").
    if (!failure) return Lost();
    Close();
  }
  if (report_ && report_->sqlstate.empty()) report_.reset();
  if (failure) return std::move(*failure);
  return last;
}

Result<Rows> Connection::Execute(const std::string& sql) {
  if (!usable()) return Error(ErrorCode::kUnavailable, "PostgreSQL " + where_ + ": the connection is closed");
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return Lost();
  return Collect(FromNow());
}

Result<Rows> Connection::Query(const std::string& sql, const std::vector<std::string>& parameters, Format format) {
  if (!usable()) return Error(ErrorCode::kUnavailable, "PostgreSQL " + where_ + ": the connection is closed");
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, format == Format::kBinary ? 1 : 0) == 0) {
    return Lost();
  }
  return Collect(FromNow());
}

Result<void> Connection::StartCopy(const std::string& sql) {
  copy_deadline_ = FromNow();
  auto started = Execute(sql);
  if (!started) return std::move(started).error();
  return {};
}

Result<void> Connection::SendCopy(std::string_view bytes) {
  const int taken = PQputCopyData(connection_.get(), bytes.data(), static_cast<int>(bytes.size()));
  // Zero would mean a full buffer: libpq makes it larger instead, and we send it off piece by piece.
  if (taken != 1) return Lost();
  return Flush(copy_deadline_);
}

Result<Rows> Connection::FinishCopy() {
  if (PQputCopyEnd(connection_.get(), nullptr) < 0) return Lost();
  return Collect(copy_deadline_);
}

void Connection::Rollback() {
  if (!in_transaction()) return;
  // In the middle of a command there is nothing to wait for.
  if (PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) return Close();
  const std::optional<Report> report = std::exchange(report_, std::nullopt);
  if (PQsendQuery(connection_.get(), "ROLLBACK") == 0 || !Collect(Clock::now() + kAnswerGrace)) Close();
  report_ = report;
}

}  // namespace audit::store::postgres
