// The ceiling of the PostgreSQL store: a plain COPY BINARY of rows that were encoded before, with nothing in between.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/record.h"
#include "store/postgres/options.h"

namespace audit::bench {

// The server that AUDIT_TEST_POSTGRES_* names, which tests/servers/postgres.py sets; ends the program where it is
// not set.
store::PostgresOptions TestServer();

// A connection. Whatever fails ends the program: a figure that is not what it says is worse than none.
class PlainConnection {
 public:
  explicit PlainConnection(const store::PostgresOptions& options);
  ~PlainConnection();
  PlainConnection(const PlainConnection&) = delete;
  PlainConnection& operator=(const PlainConnection&) = delete;

  void Run(const std::string& sql, ExecStatusType expected = PGRES_COMMAND_OK);
  void Copy(const std::string& bytes);

 private:
  PGconn* handle_;
};

// The bytes of one COPY for each connection, divided between them as the store divides a batch.
std::vector<std::string> EncodeCopies(std::span<const event::Record> records, int connections);

// What a plain program would do: every connection its part of the batch, at the same time.
class PlainWriter {
 public:
  PlainWriter(const store::PostgresOptions& options, int connections);
  void Write(std::span<const std::string> copies);

 private:
  std::vector<std::unique_ptr<PlainConnection>> connections_;
};

}  // namespace audit::bench
