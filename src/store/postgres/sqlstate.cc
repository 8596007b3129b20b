#include "store/postgres/sqlstate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

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
  std::string_view of;
  std::string_view words;
};

// For what libpq says by itself, by a part of its words.
constexpr std::array<Remedy, 6> kRemediesByWords = {{
    {"certificate verify failed", "check database.ssl_root_certificate_file: it does not vouch for the server"},
    {"does not match host name",
     "set DB_HOST to a name in the server's certificate, or database.ssl_mode to verify-ca"},
    {"root certificate file", "check database.ssl_root_certificate_file"},
    {"does not support SSL", "turn ssl on in the server, or set database.ssl_mode to prefer"},
    {"could not translate host name", "check DB_HOST"},
    {"Connection refused", "no server listens there: start it, or check DB_HOST and DB_PORT"},
}};

constexpr std::array<Remedy, 7> kRemedies = {{
    {"25006", "the server is read-only: a standby, or default_transaction_read_only is on"},
    {"28000", "check DB_USER and the server's pg_hba.conf"},
    {"28P01", "check DB_USER and DB_PASSWORD"},
    {"3D000", "create the database, or check DB_NAME"},
    {"42501", "the role lacks a right: `audit-manager schema --print` lists the grants"},
    {"42P01", "a table is missing: `audit-manager schema --print` makes it"},
    {"53300", "raise max_connections or put PgBouncer in front"},
}};

std::string_view RemedyFor(const Report& report) {
  for (const Remedy& each : kRemedies) {
    if (each.of == report.sqlstate) return each.words;
  }
  if (report.sqlstate.empty()) {
    for (const Remedy& each : kRemediesByWords) {
      if (report.message.find(each.of) != std::string::npos) return each.words;
    }
  }
  return "";
}

// Where "28P01: " begins in "...:  28P01: password authentication failed"; npos: nowhere.
std::size_t FindState(std::string_view line) {
  constexpr std::string_view kBefore = ":  ";
  for (std::size_t at = line.find(kBefore); at != std::string_view::npos; at = line.find(kBefore, at + 1)) {
    const std::string_view state = line.substr(at + kBefore.size(), 7);
    const bool letters = std::all_of(state.begin(), state.begin() + std::min<std::ptrdiff_t>(5, std::ssize(state)),
                                     [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; });
    if (state.size() == 7 && letters && state.substr(5) == ": ") return at + kBefore.size();
  }
  return std::string_view::npos;
}

}  // namespace

Report ReportOfRefusal(std::string_view verbose) {
  Report report;
  std::vector<std::string> lines;
  while (!verbose.empty()) {
    std::string line(verbose.substr(0, verbose.find('\n')));
    verbose.remove_prefix(std::min(verbose.size(), line.size() + 1));
    // The place in PostgreSQL's sources helps nobody here.
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    std::erase(line, '\t');
    if (const std::size_t state = FindState(line); state != std::string::npos) {
      report.sqlstate = line.substr(state, 5);
      line.erase(state - 1, 8);
    }
    // With and without TLS a server refuses in the same words.
    if (std::find(lines.begin(), lines.end(), line) != lines.end()) continue;
    report.message += (lines.empty() ? "" : "; ") + line;
    lines.push_back(std::move(line));
  }
  return report;
}

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
  if (const std::string_view remedy = RemedyFor(report); !remedy.empty()) message += "; " + std::string(remedy);
  return {CodeOf(report.sqlstate), std::move(message)};
}

}  // namespace audit::store::postgres
