#include "store/postgres/schema.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "store/postgres/month_sql.h"
#include "store/postgres/partitions.h"
#include "store/postgres/transaction.h"

namespace audit::store {
namespace postgres {
namespace {

struct ExpectedColumn {
  std::string_view name;
  std::string_view type;
  bool not_null;
};

constexpr std::array<ExpectedColumn, 15> kColumns = {{
    {"id", "text", true},
    {"occurred_at", "timestamp with time zone", true},
    {"ingested_at", "timestamp with time zone", true},
    {"source", "text", true},
    {"type", "text", true},
    {"subject", "text", false},
    {"actor_type", "text", true},
    {"actor_id", "text", true},
    {"resource_type", "text", false},
    {"resource_id", "text", false},
    {"action", "text", true},
    {"outcome", "text", true},
    {"reason", "text", false},
    {"trace_id", "text", false},
    {"details", "jsonb", false},
}};

constexpr std::string_view kCreateTable = R"sql(CREATE TABLE IF NOT EXISTS @table@ (
  id TEXT NOT NULL,
  occurred_at TIMESTAMPTZ NOT NULL,
  ingested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT,
  actor_type TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  resource_type TEXT,
  resource_id TEXT,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  trace_id TEXT,
  details JSONB,
  PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
)sql";

struct Index {
  std::string_view name;
  std::string_view on;
};

constexpr std::array<Index, 5> kIndexes = {{
    {"idx_audit_events_occurred_at", "(occurred_at DESC)"},
    {"idx_audit_events_actor", "(actor_id, occurred_at DESC)"},
    {"idx_audit_events_resource", "(resource_type, resource_id, occurred_at DESC)"},
    {"idx_audit_events_type", "(type, occurred_at DESC)"},
    {"idx_audit_events_trace", "(trace_id) WHERE trace_id IS NOT NULL"},
}};

// Seven relations a leaf: the table and its six indexes. All are locked by a query without a time range.
constexpr std::int64_t kRelationsOfALeaf = 7;

std::string CreateTableSql(const std::string& table) {
  std::string sql(kCreateTable);
  sql.replace(sql.find("@table@"), std::string_view("@table@").size(), table);
  return sql;
}

std::string CreateIndexSql(const Index& index, const std::string& table) {
  return "CREATE INDEX IF NOT EXISTS " + std::string(index.name) + " ON " + table + " " + std::string(index.on);
}

Error Misfit(const std::string& what) {
  return {ErrorCode::kInvalidArgument, "the table audit_events does not fit: " + what + "; nothing was changed"};
}

// What is asked about a table that is there; one row.
constexpr const char* kTableQuery =
    "SELECT c.relkind = 'p', COALESCE(pg_catalog.pg_get_partkeydef(c.oid), ''),"
    " COALESCE((SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_catalog.pg_index i"
    "   JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)"
    "   WHERE i.indrelid = c.oid AND i.indisprimary), ''),"
    " pg_catalog.has_table_privilege(c.oid, 'SELECT'), pg_catalog.has_table_privilege(c.oid, 'INSERT'),"
    " current_user,"
    " COALESCE((SELECT string_agg(x.relname, ',') FROM pg_catalog.pg_index i"
    "   JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), ''),"
    " current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint"
    "   + current_setting('max_prepared_transactions')::bigint),"
    " (SELECT count(*) FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf)"
    " FROM pg_catalog.pg_class c WHERE c.oid = 'audit_events'::regclass";

constexpr const char* kColumnsQuery =
    "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,"
    " a.atthasdef OR a.attidentity <> '' FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = 'audit_events'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

Result<bool> TableExists(Connection& connection) {
  auto rows = connection.Execute("SELECT to_regclass('audit_events') IS NOT NULL");
  if (!rows) return std::move(rows).error();
  return rows->Bool(0, 0);
}

// Inside a transaction.
Result<void> CreateTable(Connection& connection) {
  std::string sql = CreateTableSql(std::string(kTable));
  for (const Index& index : kIndexes) sql += CreateIndexSql(index, std::string(kTable)) + ";";
  auto created = connection.Execute(sql);
  if (!created) return Error(created.error().code(), "create table audit_events: " + created.error().message());
  return {};
}

Result<std::vector<TableColumn>> ColumnsOf(Connection& connection) {
  auto rows = connection.Execute(kColumnsQuery);
  if (!rows) return std::move(rows).error();
  std::vector<TableColumn> columns;
  columns.reserve(static_cast<std::size_t>(rows->size()));
  for (int row = 0; row < rows->size(); ++row) {
    columns.push_back({.name = std::string(rows->Text(row, 0)),
                       .type = std::string(rows->Text(row, 1)),
                       .not_null = rows->Bool(row, 2),
                       .has_default = rows->Bool(row, 3)});
  }
  return columns;
}

std::vector<std::string> AdviceOn(const Rows& table) {
  std::vector<std::string> advice;
  const std::string present = "," + std::string(table.Text(0, 6)) + ",";
  for (const Index& index : kIndexes) {
    if (present.find("," + std::string(index.name) + ",") == std::string::npos) {
      advice.push_back("the table audit_events lacks an index: " + CreateIndexSql(index, std::string(kTable)));
    }
  }
  const std::int64_t locks = table.Integer(0, 7);
  const std::int64_t wanted = table.Integer(0, 8) * kRelationsOfALeaf;
  if (locks < wanted) {
    advice.push_back("max_locks_per_transaction is too small: a query over all of audit_events takes " +
                     std::to_string(wanted) + " locks, and the server has room for " + std::to_string(locks));
  }
  return advice;
}

}  // namespace

std::string MisfitOf(std::span<const TableColumn> columns) {
  for (const ExpectedColumn& expected : kColumns) {
    const std::string name(expected.name);
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const TableColumn& each) { return each.name == name; });
    if (found == columns.end()) return "column " + name + " is missing";
    if (found->type != expected.type) {
      return "column " + name + " is " + found->type + " instead of " + std::string(expected.type);
    }
    // One that is not NULL where it need not be refuses events; the other way round nothing is refused.
    if (found->not_null && !expected.not_null)
      return "column " + name + " is NOT NULL, but events without it are valid";
    if (name == "ingested_at" && !found->has_default) return "column ingested_at has no DEFAULT now()";
  }
  for (const TableColumn& column : columns) {
    const bool ours = std::any_of(kColumns.begin(), kColumns.end(),
                                  [&](const ExpectedColumn& expected) { return expected.name == column.name; });
    if (!ours && column.not_null && !column.has_default) {
      return "column " + column.name +
             " is none of ours and NOT NULL without a default, so that no row can be inserted";
    }
  }
  return "";
}

Result<std::vector<std::string>> InspectTable(Connection& connection) {
  auto table = connection.Execute(kTableQuery);
  if (!table) return std::move(table).error();
  if (!table->Bool(0, 0)) return Misfit("it is not partitioned");
  if (table->Text(0, 1) != "RANGE (occurred_at)") {
    return Misfit("it is partitioned by " + std::string(table->Text(0, 1)) + " instead of RANGE (occurred_at)");
  }
  auto columns = ColumnsOf(connection);
  if (!columns) return std::move(columns).error();
  if (const std::string misfit = MisfitOf(*columns); !misfit.empty()) return Misfit(misfit);
  if (table->Text(0, 2) != "id,occurred_at") return Misfit("its primary key is not (id, occurred_at)");
  for (const auto& [column, right] : {std::pair(3, "SELECT"), std::pair(4, "INSERT")}) {
    if (table->Bool(0, column)) continue;
    return Error(ErrorCode::kUnavailable, "the role " + std::string(table->Text(0, 5)) + " has no " + right +
                                              " on audit_events: `audit-manager schema --print` lists the grants");
  }
  return AdviceOn(*table);
}

Result<PostgresSchemaReport> EnsureSchema(Connection& connection, const PostgresOptions& options, Missing missing) {
  PostgresSchemaReport report;
  Transaction transaction(connection);
  if (auto begun = connection.Execute(BeginSql(options)); !begun) return std::move(begun).error();
  auto exists = TableExists(connection);
  if (!exists) return std::move(exists).error();
  if (!*exists && missing == Missing::kIsAnError) {
    return Error(
        ErrorCode::kUnavailable,
        "the table audit_events was there and is gone, or no longer in the role's search_path: bring it back; a "
        "new one is made only when the service starts");
  }
  if (!*exists) {
    // Replicas that start together take turns; the second one finds the table.
    if (auto locked = connection.Execute(AdvisoryLockSql()); !locked) return std::move(locked).error();
    exists = TableExists(connection);
    if (!exists) return std::move(exists).error();
    report.created = !*exists;
    if (report.created) {
      if (auto created = CreateTable(connection); !created) return std::move(created).error();
    }
  }
  auto advice = InspectTable(connection);
  if (!advice) return std::move(advice).error();
  report.advice = std::move(*advice);
  if (auto committed = transaction.Commit(); !committed) return std::move(committed).error();
  return report;
}

}  // namespace postgres

Result<PostgresSchemaReport> EnsurePostgresSchema(const PostgresOptions& options) {
  auto connection = postgres::Connection::Open(options);
  if (!connection) return std::move(connection).error();
  return postgres::EnsureSchema(*connection, options, postgres::Missing::kIsMade);
}

std::string PostgresSchemaSql(const PostgresRoles& roles) {
  using postgres::QuoteIdentifier;
  using postgres::QuoteLiteral;
  const std::string owner = QuoteIdentifier(roles.owner);
  const std::string writer = QuoteIdentifier(roles.writer);
  const std::string investigator = QuoteIdentifier(roles.investigator);
  const std::string schema = QuoteIdentifier(roles.schema);
  const std::string table = schema + "." + std::string(postgres::kTable);
  const std::string function = schema + "." + std::string(postgres::kMakeMonthFunction);

  std::string sql =
      "-- The audit table and who may do what with it. Run it in the service's database as a superuser, with\n"
      "-- psql -v ON_ERROR_STOP=1 -1 -f FILE; it may be run again. Roles that it makes have no password yet.\n\n";
  for (const std::string* role : {&roles.owner, &roles.writer, &roles.investigator}) {
    sql += "DO $role$ BEGIN\n  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = " + QuoteLiteral(*role) +
           ") THEN CREATE ROLE " + QuoteIdentifier(*role) + " LOGIN; END IF;\nEND $role$;\n";
  }
  sql += "\n" + postgres::CreateTableSql(table);
  for (const postgres::Index& index : postgres::kIndexes) sql += postgres::CreateIndexSql(index, table) + ";\n";
  sql +=
      "\n-- A table that another role has made, and its partitions, change hands; their rows stay as they are.\n"
      "DO $owner$\nDECLARE\n  leaf regclass;\nBEGIN\n"
      "  FOR leaf IN SELECT relid FROM pg_catalog.pg_partition_tree(" +
      QuoteLiteral(table) + ") LOOP\n    EXECUTE format('ALTER TABLE %s OWNER TO %I', leaf, " +
      QuoteLiteral(roles.owner) + ");\n  END LOOP;\nEND $owner$;\n\n";
  sql +=
      "-- Makes the partition of a month, and can do nothing else: so the writer stores events of any month and\n"
      "-- needs no right to make tables. Nothing here lets it drop one: retention is the owner's.\n" +
      postgres::MakeMonthFunctionSql(roles.schema) + "ALTER FUNCTION " + function + " OWNER TO " + owner + ";\n";
  sql += "\nREVOKE ALL ON FUNCTION " + function + " FROM PUBLIC;\nREVOKE ALL ON " + table +
         " FROM PUBLIC;\n"
         "GRANT USAGE, CREATE ON SCHEMA " +
         schema + " TO " + owner + ";\nGRANT USAGE ON SCHEMA " + schema + " TO " + writer + ", " + investigator +
         ";\nGRANT EXECUTE ON FUNCTION " + function + " TO " + writer + ";\nGRANT SELECT, INSERT ON " + table + " TO " +
         writer + ";\nGRANT SELECT ON " + table + " TO " + investigator +
         ";\n-- TEMPORARY: batches with duplicates go through a temporary table.\n"
         "DO $database$ BEGIN\n"
         "  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), " +
         QuoteLiteral(roles.writer) +
         ");\n"
         "  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), " +
         QuoteLiteral(roles.owner) +
         ");\n"
         "  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), " +
         QuoteLiteral(roles.investigator) + ");\nEND $database$;\n";
  return sql;
}

}  // namespace audit::store
