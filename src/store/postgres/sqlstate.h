// What PostgreSQL's SQLSTATEs, and libpq's words where there is none, mean to us: whose fault it is, which of our
// errors it becomes, and what may be told of it. https://www.postgresql.org/docs/15/errcodes-appendix.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "errors/error.h"

namespace audit::store::postgres {

enum class Fault : std::uint8_t {
  kServer,        // nothing to do with the rows: try again later
  kDuplicateKey,  // a unique index has such an entry already
  kNoPartition,   // no partition takes a row's occurred_at
  kRow,           // a row can never be stored as it is
};

// The fields of one error report. `message` may quote values of the row.
struct Report {
  std::string sqlstate;  // five characters; empty: not from the server
  std::string message;
  std::string constraint;
  std::string column;
};

// A connection that did not come about, as libpq words it with PQERRORS_VERBOSE: it has no other way to give the
// SQLSTATE.
[[nodiscard]] Report ReportOfRefusal(std::string_view verbose);

[[nodiscard]] Fault FaultOf(const Report& report);

// Of a fault of the server: kTimeout, kLocked, kNoSpace or kUnavailable, all of them retryable.
[[nodiscard]] ErrorCode CodeOf(std::string_view sqlstate);

// For the dead-letter queue: why the row is refused, in words of our own, as PostgreSQL's quote what is
// in it. Names constraint and column, never a value.
[[nodiscard]] std::string ReasonOf(const Report& report);

// For log and caller: `what` ("write to audit_events"), what PostgreSQL says unless it may quote a row, its
// SQLSTATE, and the remedy where one is known.
[[nodiscard]] Error ErrorOf(const Report& report, std::string_view what);

}  // namespace audit::store::postgres
