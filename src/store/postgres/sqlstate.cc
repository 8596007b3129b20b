#include "store/postgres/sqlstate.h"

#include <algorithm>
#include <array>

namespace audit::store::postgres {
namespace {

constexpr std::string_view kUniqueViolation = "23505";
constexpr std::string_view kCheckViolation = "23514";

bool HasClass(std::string_view sqlstate, std::string_view two) { return sqlstate.substr(0, 2) == two; }

// Faults of a row that stand outside classes 22 and 23.
constexpr std::array<std::string_view, 2> kOfTheRow = {
    "54000",  // program_limit_exceeded: an index entry or a row that is too long
    "P0001",  // raise_exception: a trigger of the site refuses it
};

// Members of class 22 that tell of our own protocol or settings, not of the row.
constexpr std::array<std::string_view, 2> kOfOurs = {
    "22P04",  // bad_copy_file_format: the table has other columns than we think
    "22023",  // invalid_parameter_value: a setting
};

struct Known {
  std::string_view sqlstate;
  std::string_view words;
};

constexpr std::array<Known, 9> kReasons = {{
    {"22001", "a value is too long for its column"},
    {"22003", "a number is out of PostgreSQL's range"},
    {"22008", "its time is outside PostgreSQL's range"},
    {"22021", "a value cannot be written in the database's encoding"},
    {"22P05", "a value cannot be written in the database's encoding"},
    {"23502", "a column that may not be NULL would be"},
    {"23505", "another row has the same value in a unique index"},
    {"23514", "it breaks a check constraint"},
    {"54000", "a value is too long for an index or a row"},
}};

struct Remedy {
  std::string_view sqlstate;
  std::string_view words;
};

constexpr std::array<Remedy, 7> kRemedies = {{
    {"25006", "the server is read-only: a standby, or default_transaction_read_only is on"},
    {"28000", "check DB_USER and the server's pg_hba.conf"},
    {"28P01", "check DB_USER and DB_PASSWORD"},
    {"3D000", "create the database, or check DB_NAME"},
    {"42501", "the role lacks a right: `audit-manager schema --print` lists the grants"},
    {"42P01", "a table is missing: `audit-manager schema --print` makes it"},
    {"53300", "raise max_connections or put PgBouncer in front"},
}};

}  // namespace

Fault FaultOf(const Report& report) {
  const std::string_view state = report.sqlstate;
  if (state == kUniqueViolation) return Fault::kDuplicateKey;
  // A row without a partition is a check violation too, the only one that names no constraint.
  if (state == kCheckViolation && report.constraint.empty()) return Fault::kNoPartition;
  if (std::find(kOfOurs.begin(), kOfOurs.end(), state) != kOfOurs.end()) return Fault::kServer;
  if (HasClass(state, "22") || HasClass(state, "23")) return Fault::kRow;
  if (std::find(kOfTheRow.begin(), kOfTheRow.end(), state) != kOfTheRow.end()) return Fault::kRow;
  return Fault::kServer;
}

ErrorCode CodeOf(std::string_view sqlstate) {
  if (sqlstate == "57014") return ErrorCode::kTimeout;  // query_canceled: statement_timeout
  // lock_not_available; serialization failures and deadlocks: another transaction is in the way.
  if (sqlstate == "55P03" || HasClass(sqlstate, "40")) return ErrorCode::kLocked;
  if (sqlstate == "53100") return ErrorCode::kNoSpace;  // disk_full
  return ErrorCode::kUnavailable;
}

std::string ReasonOf(const Report& report) {
  std::string reason = "PostgreSQL refuses it: ";
  const auto* known = std::find_if(kReasons.begin(), kReasons.end(),
                                   [&](const Known& each) { return each.sqlstate == report.sqlstate; });
  if (known != kReasons.end()) {
    reason += known->words;
  } else if (HasClass(report.sqlstate, "22")) {
    reason += "a value does not fit its column's type";
  } else if (HasClass(report.sqlstate, "23")) {
    reason += "it breaks a constraint";
  } else {
    reason += "a trigger raised an exception";
  }
  reason += " (SQLSTATE " + report.sqlstate;
  if (!report.constraint.empty()) reason += ", constraint " + report.constraint;
  if (!report.column.empty()) reason += ", column " + report.column;
  return reason + ")";
}

Error ErrorOf(const Report& report, std::string_view what) {
  std::string message(what);
  const bool may_quote = FaultOf(report) != Fault::kServer;
  if (may_quote) {
    message += ": " + ReasonOf(report);
    return {ErrorCode::kUnavailable, std::move(message)};
  }
  message += ": " + report.message;
  if (!report.sqlstate.empty()) message += " (SQLSTATE " + report.sqlstate + ")";
  const auto* remedy = std::find_if(kRemedies.begin(), kRemedies.end(),
                                    [&](const Remedy& each) { return each.sqlstate == report.sqlstate; });
  if (remedy != kRemedies.end()) message += "; " + std::string(remedy->words);
  return {CodeOf(report.sqlstate), std::move(message)};
}

}  // namespace audit::store::postgres
