// The table of contract section 3: made where it is missing, adopted where it fits, refused by name where
// it does not. docs/postgres.md is the page for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "errors/result.h"
#include "store/postgres/connection.h"
#include "store/postgres/options.h"

namespace audit::store {

struct PostgresRoles {
  std::string owner = "audit_owner";                // owns the table, makes and drops partitions
  std::string writer = "audit_writer";              // the service: reads and inserts, no DDL, no UPDATE, no DELETE
  std::string investigator = "audit_investigator";  // reads
  std::string schema = "public";
};

// For `audit-manager schema --print`: SQL for psql, run once by a superuser (or by a role that may do what is
// in it) in the service's database. May be run again, and on an installation with years of rows: it takes over
// the table that is there, its partitions included, and changes no row. Makes roles that are missing,
// without passwords.
[[nodiscard]] std::string PostgresSchemaSql(const PostgresRoles& roles = {});

struct PostgresSchemaReport {
  bool created = false;
  // One line each, for the log and for `preflight`: an index that is missing, a server setting that will be too small.
  std::vector<std::string> advice;
};

// Makes the table and its indexes, or looks whether those that are there fit. kInvalidArgument: they do not;
// the message names the column, and nothing was changed. Otherwise a retryable error of the server.
Result<PostgresSchemaReport> EnsurePostgresSchema(const PostgresOptions& options);

namespace postgres {

// What becomes of a table that is not there.
enum class Missing : std::uint8_t { kIsMade, kIsAnError };

// The same on an open connection. kUnavailable: it is missing and not to be made.
Result<PostgresSchemaReport> EnsureSchema(Connection& connection, const PostgresOptions& options, Missing missing);

// Of a table that is there, inside a transaction: whether it fits (kInvalidArgument: not), whether the role may read
// and insert, and the advice of a report. Changes nothing.
Result<std::vector<std::string>> InspectTable(Connection& connection);

// A column as the database has it.
struct TableColumn {
  std::string name;
  std::string type;  // as format_type() writes it: "timestamp with time zone"
  bool not_null = false;
  bool has_default = false;  // or is generated
};

// What does not fit the contract, empty if all does. Columns of the site's own are allowed as long as a row
// can be inserted without them.
[[nodiscard]] std::string MisfitOf(std::span<const TableColumn> columns);

}  // namespace postgres
}  // namespace audit::store
