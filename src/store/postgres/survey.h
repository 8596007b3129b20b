// How the server and the table are, read and nothing changed (preflight).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "errors/result.h"
#include "store/month.h"
#include "store/postgres/options.h"
#include "time/unix_micros.h"

namespace audit::store {

struct PostgresServer {
  std::string version;     // "15.7"
  int version_number = 0;  // 150007
  std::string role;
  bool encrypted = false;
  bool pooled = false;  // what answers first is not the server itself
  bool read_only = false;
  bool standby = false;
  bool may_use_temporary_tables = false;
  // What is open to ordinary roles, by the tightest limit of server, database and role; and how many are in use there
  // by others than audit-manager.
  std::int64_t connections = 0;
  std::int64_t connections_of_others = 0;
  std::uint64_t database_bytes = 0;
  // Of its clock against the one given, and how far off that may be.
  std::int64_t clock_ahead_ms = 0;
  std::int64_t clock_uncertainty_ms = 0;
};

struct PostgresMonth {
  Month month;
  // Nothing where the bound is none.
  std::optional<time::UnixMicros> from;
  std::optional<time::UnixMicros> to;
  bool ours_to_drop = false;
};

struct PostgresTable {
  bool exists = false;
  // Where it does not exist, for all that the role can see.
  bool may_make_it = false;
  std::string other_schema;    // one that has a table of this name, and is not searched or must not be looked into
  bool may_use_schema = true;  // that one
  // Where it exists.
  std::string owner;
  Result<void> fits;                          // kInvalidArgument names what does not; else a right that is missing
  std::vector<std::string> advice;            // as PostgresSchemaReport has it
  std::vector<std::string> closed_sequences;  // that columns of the site's own take their default from
  bool may_make_months = false;
  bool month_function = false;        // it is there, whether the role may call it or not
  std::string month_function_owner;   // where that is not the table's, so that it fails
  std::vector<PostgresMonth> months;  // the oldest first
  std::optional<std::string> default_partition;
  std::vector<std::string> strangers;  // tables that bear the name of a month and are no partition
  std::uint64_t bytes = 0;
};

struct PostgresSurvey {
  PostgresServer server;
  Result<PostgresTable> table;
};

// On a connection of its own. An error: the server cannot be reached, or does not let the role in.
Result<PostgresSurvey> SurveyPostgres(const PostgresOptions& options, env::Clock& clock);

}  // namespace audit::store
