// The SQL that makes and drops the partition of a month. docs/postgres.md, "Partitions".
#pragma once

#include <string>
#include <string_view>

#include "store/month.h"
#include "store/postgres/options.h"

namespace audit::store::postgres {

// The table of contract section 3, found by the role's search_path.
inline constexpr std::string_view kTable = "audit_events";

[[nodiscard]] std::string PartitionName(Month month);  // "audit_events_2026_11"

// Held, to the end of a transaction, by whoever makes or drops a table: replicas take turns.
// The number is the first eight letters of "audit_events".
[[nodiscard]] std::string AdvisoryLockSql();

// As the table's owner, one statement. Does nothing where the partition is there already.
[[nodiscard]] std::string MakeMonthSql(Month month, SubPartition sub_partition);

// The same as a function that a role without rights to make tables may call; `schema` and `owner` are names
// as they are, not yet quoted.
[[nodiscard]] std::string MakeMonthFunctionSql(const std::string& schema);
inline constexpr std::string_view kMakeMonthFunction = "audit_events_make_month(integer, integer, boolean)";
[[nodiscard]] std::string CallMakeMonthSql(Month month, SubPartition sub_partition);

// As the table's owner, one statement. Does nothing where it is no partition of the table.
[[nodiscard]] std::string DropMonthSql(Month month);

[[nodiscard]] std::string QuoteIdentifier(std::string_view name);
[[nodiscard]] std::string QuoteLiteral(std::string_view text);

}  // namespace audit::store::postgres
