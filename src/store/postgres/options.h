// Where the server is and how long anything there may take.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace audit::store {

// What a new month is made of (docs/postgres.md, "Days within a month"). Months that exist stay as they are.
enum class SubPartition : std::uint8_t { kNone, kDay };

struct PostgresOptions {
  // One host, or several with commas in between: the first one that takes writes is used.
  std::string host = "localhost";
  int port = 5432;
  std::string name = "auditmanager";
  std::string user = "postgres";
  // Initialised, so that whoever names the members that he sets need not name these.
  std::string password = {};
  std::string sslmode = "prefer";  // as libpq: disable, allow, prefer, require, verify-ca, verify-full
  std::string sslrootcert = {};    // a file; empty: libpq's default
  std::string application_name = "audit-manager";

  std::chrono::milliseconds connect_timeout{5'000};  // for each host
  // The server's own, for each statement. We wait kAnswerGrace longer, then give the connection up.
  std::chrono::milliseconds statement_timeout{30'000};
  std::chrono::milliseconds lock_timeout{5'000};

  int writers = 1;  // connections that write a batch in parallel, 1 or more
  SubPartition sub_partition = SubPartition::kNone;
  int retention_months = 0;  // a record of an older month is rejected; 0: none is
};

}  // namespace audit::store
