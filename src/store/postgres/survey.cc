#include "store/postgres/survey.h"

#include <algorithm>
#include <map>
#include <utility>

#include "store/postgres/connection.h"
#include "store/postgres/month_sql.h"
#include "store/postgres/partitions.h"
#include "store/postgres/schema.h"
#include "store/postgres/transaction.h"

namespace audit::store {
namespace {

using postgres::Connection;
using postgres::Rows;

constexpr const char* kServerQuery =
    "SELECT current_setting('server_version'), current_setting('server_version_num'), current_user,"
    " pg_catalog.pg_backend_pid(), current_setting('transaction_read_only') = 'on', pg_catalog.pg_is_in_recovery(),"
    " pg_catalog.has_database_privilege(current_database(), 'TEMPORARY'),"
    " LEAST(current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,"
    "   (SELECT NULLIF(datconnlimit, -1) FROM pg_catalog.pg_database WHERE datname = current_database()),"
    "   (SELECT NULLIF(rolconnlimit, -1) FROM pg_catalog.pg_roles WHERE rolname = current_user)),"
    " (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'"
    "   AND application_name NOT LIKE 'audit-manager%'),"
    " pg_catalog.pg_database_size(current_database())";

constexpr const char* kClockQuery = "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

constexpr const char* kExistsQuery =
    "SELECT pg_catalog.to_regclass('audit_events') IS NOT NULL,"
    " COALESCE(pg_catalog.has_schema_privilege(current_schema(), 'CREATE'), false)";

// Another one, that the search path does not lead to: the path passes over what the role may not look into.
constexpr const char* kElsewhereQuery =
    "SELECT n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE') FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relname = 'audit_events' AND c.relkind IN ('r', 'p') ORDER BY n.nspname <> 'public', n.nspname LIMIT 1";

constexpr const char* kOwnersQuery =
    "SELECT pg_catalog.pg_get_userbyid(c.relowner), p.oid IS NOT NULL,"
    " CASE WHEN NOT pg_catalog.pg_has_role(p.proowner, c.relowner, 'USAGE')"
    "   THEN pg_catalog.pg_get_userbyid(p.proowner) END"
    " FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_proc p ON p.oid = pg_catalog.to_regprocedure("
    "   'audit_events_make_month(integer, integer, boolean)') WHERE c.oid = 'audit_events'::regclass";

// Those of identity columns need no right.
constexpr const char* kClosedSequencesQuery =
    "SELECT DISTINCT s.oid::regclass::text FROM pg_catalog.pg_attrdef d"
    " JOIN pg_catalog.pg_depend u ON u.classid = 'pg_catalog.pg_attrdef'::regclass AND u.objid = d.oid"
    "   AND u.refclassid = 'pg_catalog.pg_class'::regclass"
    " JOIN pg_catalog.pg_class s ON s.oid = u.refobjid AND s.relkind = 'S'"
    " WHERE d.adrelid = 'audit_events'::regclass"
    // Asked of a sequence only, in whatever order the server looks at the conditions.
    " AND CASE s.relkind WHEN 'S' THEN NOT pg_catalog.has_sequence_privilege(s.oid, 'USAGE, UPDATE') END ORDER BY 1";

constexpr const char* kBoundsQuery =
    "SELECT relname, bounds = 'DEFAULT',"
    " (extract(epoch FROM substring(bounds FROM 'FROM \\(''([^'']+)''\\)')::timestamptz) * 1000000)::bigint,"
    " (extract(epoch FROM substring(bounds FROM 'TO \\(''([^'']+)''\\)')::timestamptz) * 1000000)::bigint"
    " FROM (SELECT c.relname, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bounds"
    "   FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
    "   WHERE i.inhparent = 'audit_events'::regclass) AS partitions";

constexpr const char* kStrangersQuery =
    "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_class parent ON parent.oid = "
    "'audit_events'::regclass AND parent.relnamespace = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND c.relname ~ '^audit_events_[0-9]{4}_(0[1-9]|1[0-2])$'"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent = parent.oid)"
    " ORDER BY 1";

constexpr const char* kSizeQuery =
    "SELECT COALESCE(sum(pg_catalog.pg_total_relation_size(relid)), 0)::bigint"
    " FROM pg_catalog.pg_partition_tree('audit_events'::regclass) WHERE isleaf";

std::string BeginReadOnlySql(const PostgresOptions& options) {
  return postgres::BeginSql(options) + "SET TRANSACTION READ ONLY;";
}

Result<PostgresServer> AskServer(Connection& connection, env::Clock& clock) {
  auto rows = connection.Execute(kServerQuery);
  if (!rows) return std::move(rows).error();
  PostgresServer server;
  server.version = rows->Text(0, 0);
  server.version_number = static_cast<int>(rows->Integer(0, 1));
  server.role = rows->Text(0, 2);
  server.pooled = rows->Integer(0, 3) != connection.backend_pid();
  server.read_only = rows->Bool(0, 4);
  server.standby = rows->Bool(0, 5);
  server.may_use_temporary_tables = rows->Bool(0, 6);
  server.connections = rows->Integer(0, 7);
  server.connections_of_others = rows->Integer(0, 8);
  server.database_bytes = static_cast<std::uint64_t>(rows->Integer(0, 9));
  server.encrypted = connection.encrypted();

  const std::int64_t before = clock.Now().value;
  rows = connection.Execute(kClockQuery);
  if (!rows) return std::move(rows).error();
  const std::int64_t after = clock.Now().value;
  server.clock_ahead_ms = (rows->Integer(0, 0) - (before + (after - before) / 2)) / 1'000;
  server.clock_uncertainty_ms = (after - before) / 2'000;
  return server;
}

std::optional<time::UnixMicros> BoundIn(const Rows& rows, int row, int column) {
  if (!rows.OptionalText(row, column)) return std::nullopt;
  return time::UnixMicros{rows.Integer(row, column)};
}

Result<void> AskBounds(Connection& connection, PostgresTable& table) {
  auto rows = connection.Execute(kBoundsQuery);
  if (!rows) return std::move(rows).error();
  std::map<std::string, int, std::less<>> row_of;
  for (int row = 0; row < rows->size(); ++row) {
    row_of.emplace(rows->Text(row, 0), row);
    if (rows->Bool(row, 1)) table.default_partition = std::string(rows->Text(row, 0));
  }
  for (PostgresMonth& month : table.months) {
    const auto found = row_of.find(postgres::PartitionName(month.month));
    if (found == row_of.end()) continue;
    month.from = BoundIn(*rows, found->second, 2);
    month.to = BoundIn(*rows, found->second, 3);
  }
  return {};
}

Result<void> AskElsewhere(Connection& connection, PostgresTable& table) {
  auto rows = connection.Execute(kElsewhereQuery);
  if (!rows) return std::move(rows).error();
  if (rows->size() == 0) return {};
  table.other_schema = rows->Text(0, 0);
  table.may_use_schema = rows->Bool(0, 1);
  return {};
}

Result<void> AskOwners(Connection& connection, PostgresTable& table) {
  auto rows = connection.Execute(kOwnersQuery);
  if (!rows) return std::move(rows).error();
  table.owner = rows->Text(0, 0);
  table.month_function = rows->Bool(0, 1);
  table.month_function_owner = rows->OptionalText(0, 2).value_or("");
  return {};
}

// Each in a transaction of its own, so that one that fails takes nothing along.
Result<PostgresTable> AskTable(Connection& connection, const PostgresOptions& options) {
  PostgresTable table;
  const std::string begin = BeginReadOnlySql(options);
  {
    const postgres::Transaction transaction(connection);
    auto rows = connection.Execute(begin + kExistsQuery);
    if (!rows) return std::move(rows).error();
    table.exists = rows->Bool(0, 0);
    table.may_make_it = rows->Bool(0, 1);
    if (!table.exists) {
      if (auto elsewhere = AskElsewhere(connection, table); !elsewhere) return std::move(elsewhere).error();
      return table;
    }
    auto advice = postgres::InspectTable(connection);
    if (advice) {
      table.advice = std::move(*advice);
    } else {
      table.fits = std::move(advice).error();
    }
  }
  auto rights = postgres::AskMonthRights(connection, options);
  if (!rights) return std::move(rights).error();
  table.may_make_months = rights->owner || rights->function;
  auto partitions = postgres::ListPartitions(connection, options);
  if (!partitions) return std::move(partitions).error();
  for (const postgres::Partition& each : *partitions) {
    table.months.push_back({.month = each.month, .from = {}, .to = {}, .ours_to_drop = each.ours_to_drop});
  }
  const postgres::Transaction transaction(connection);
  if (auto begun = connection.Execute(begin); !begun) return std::move(begun).error();
  if (auto bounds = AskBounds(connection, table); !bounds) return std::move(bounds).error();
  if (auto owners = AskOwners(connection, table); !owners) return std::move(owners).error();
  auto sequences = connection.Execute(kClosedSequencesQuery);
  if (!sequences) return std::move(sequences).error();
  for (int row = 0; row < sequences->size(); ++row) table.closed_sequences.emplace_back(sequences->Text(row, 0));
  auto strangers = connection.Execute(kStrangersQuery);
  if (!strangers) return std::move(strangers).error();
  for (int row = 0; row < strangers->size(); ++row) table.strangers.emplace_back(strangers->Text(row, 0));
  auto size = connection.Execute(kSizeQuery);
  if (!size) return std::move(size).error();
  table.bytes = static_cast<std::uint64_t>(size->Integer(0, 0));
  return table;
}

}  // namespace

Result<PostgresSurvey> SurveyPostgres(const PostgresOptions& options, env::Clock& clock) {
  auto connection = Connection::Open(options);
  if (!connection) return std::move(connection).error();
  auto server = AskServer(*connection, clock);
  if (!server) return std::move(server).error();
  return PostgresSurvey{.server = std::move(*server), .table = AskTable(*connection, options)};
}

}  // namespace audit::store
