#include "store/postgres/month_sql.h"

namespace audit::store::postgres {
namespace {

// Between the declaration of `parent`, year_number, month_number and by_day, and the end of the block.
//
// The table is made on its own and attached, because CREATE TABLE ... PARTITION OF would lock the parent
// against every reader and writer, and ATTACH only against other ATTACHes. It has no CHECK to spare ATTACH
// a scan: it is empty, and each row would pay for the constraint later.
//
// Months that another program has made in another time zone begin some hours off. A new one begins and
// ends where its neighbours do, so that no hour is without a partition.
constexpr std::string_view kMakeMonth = R"sql(
  owner_name text;
  schema_name text;
  month_name CONSTANT text := 'audit_events_' || lpad(year_number::text, 4, '0') || '_' || lpad(month_number::text, 2, '0');
  existing oid;
  lower_end timestamptz;
  upper_end timestamptz;
  day_begin timestamptz;
  day_end timestamptz;
BEGIN
  IF year_number IS NULL OR month_number IS NULL OR by_day IS NULL
      OR year_number NOT BETWEEN 1 AND 9999 OR month_number NOT BETWEEN 1 AND 12 THEN
    RAISE EXCEPTION 'no such month' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_catalog.pg_advisory_xact_lock(@lock@);
  SELECT n.nspname, pg_catalog.pg_get_userbyid(c.relowner) INTO schema_name, owner_name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
  existing := pg_catalog.to_regclass(format('%I.%I', schema_name, month_name));
  IF existing IS NOT NULL THEN
    IF EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = existing AND inhparent = parent) THEN
      RETURN@nothing@;
    END IF;
    RAISE EXCEPTION 'table % exists and is no partition of audit_events: attach it or rename it', month_name
      USING ERRCODE = 'duplicate_table';
  END IF;

  lower_end := make_timestamptz(year_number, month_number, 1, 0, 0, 0, 'UTC');
  upper_end := (lower_end AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  SELECT coalesce(max(b.upper_bound) FILTER (WHERE abs(extract(epoch FROM b.upper_bound - lower_end)) < 86400), lower_end),
         coalesce(min(b.lower_bound) FILTER (WHERE abs(extract(epoch FROM b.lower_bound - upper_end)) < 86400), upper_end)
    INTO lower_end, upper_end
    FROM (SELECT substring(bounds FROM 'FROM \(''([^'']+)''\)')::timestamptz AS lower_bound,
                 substring(bounds FROM 'TO \(''([^'']+)''\)')::timestamptz AS upper_bound
          FROM (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bounds
                FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = parent) e) b;

  EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING GENERATED)%s',
                 schema_name, month_name, parent::regclass, CASE WHEN by_day THEN ' PARTITION BY RANGE (occurred_at)' END);
  IF owner_name <> current_user THEN
    EXECUTE format('ALTER TABLE %I.%I OWNER TO %I', schema_name, month_name, owner_name);
  END IF;
  IF by_day THEN
    day_begin := lower_end;
    FOR day_number IN 1..31 LOOP
      EXIT WHEN day_begin >= upper_end;
      day_end := (make_timestamptz(year_number, month_number, 1, 0, 0, 0, 'UTC') AT TIME ZONE 'UTC'
                  + day_number * interval '1 day') AT TIME ZONE 'UTC';
      -- The last day of the month also takes the hours that a neighbour leaves.
      IF extract(month FROM day_end AT TIME ZONE 'UTC') <> month_number THEN day_end := upper_end; END IF;
      EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', schema_name,
                     month_name || '_' || lpad(day_number::text, 2, '0'), schema_name, month_name, day_begin, day_end);
      IF owner_name <> current_user THEN
        EXECUTE format('ALTER TABLE %I.%I OWNER TO %I', schema_name,
                       month_name || '_' || lpad(day_number::text, 2, '0'), owner_name);
      END IF;
      day_begin := day_end;
    END LOOP;
  END IF;
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', parent::regclass, schema_name,
                 month_name, lower_end, upper_end);
)sql";

constexpr std::string_view kAdvisoryLock = "7022629598040909174";  // 0x61756469745F6576, "audit_ev"
static_assert(0x61756469745F6576 == 7022629598040909174);

void Replace(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string MakeMonthBody(std::string_view nothing) {
  std::string body(kMakeMonth);
  Replace(body, "@lock@", kAdvisoryLock);
  Replace(body, "@nothing@", nothing);
  return body;
}

std::string Boolean(bool value) { return value ? "true" : "false"; }

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) quoted.append(c == quote ? 2 : 1, c);
  return quoted + quote;
}

}  // namespace

std::string PartitionName(Month month) { return std::string(kTable) + "_" + month.ToString(); }

std::string AdvisoryLockSql() { return "SELECT pg_catalog.pg_advisory_xact_lock(" + std::string(kAdvisoryLock) + ");"; }

std::string MakeMonthSql(Month month, SubPartition sub_partition) {
  return "DO $make_month$\nDECLARE\n  parent CONSTANT oid := '" + std::string(kTable) +
         "'::regclass;\n  year_number CONSTANT integer := " + std::to_string(month.year) +
         ";\n  month_number CONSTANT integer := " + std::to_string(month.month) +
         ";\n  by_day CONSTANT boolean := " + Boolean(sub_partition == SubPartition::kDay) + ";" + MakeMonthBody("") +
         "END\n$make_month$";
}

std::string MakeMonthFunctionSql(const std::string& schema) {
  const std::string table = QuoteIdentifier(schema) + "." + std::string(kTable);
  // With the rights of its owner, so nothing in it may depend on the caller: neither the search_path nor how
  // times are read and written. All it takes is a month, and all it can do is make that month's partition.
  return "CREATE OR REPLACE FUNCTION " + QuoteIdentifier(schema) +
         ".audit_events_make_month(year_number integer, month_number integer, by_day boolean)\n"
         "  RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER\n"
         "  SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'\n"
         "AS $make_month$\nDECLARE\n  parent CONSTANT oid := " +
         QuoteLiteral(table) + "::regclass;" + MakeMonthBody(" false") + "  RETURN true;\nEND\n$make_month$;\n";
}

std::string CallMakeMonthSql(Month month, SubPartition sub_partition) {
  return "SELECT audit_events_make_month(" + std::to_string(month.year) + "," + std::to_string(month.month) + "," +
         Boolean(sub_partition == SubPartition::kDay) + ")";
}

std::string DropMonthSql(Month month) {
  // DROP and not DETACH first: one transaction, so that no crash leaves a table behind that is a partition
  // no longer and would never be dropped.
  return "DO $drop_month$\nDECLARE\n  found oid;\nBEGIN\n  PERFORM pg_catalog.pg_advisory_xact_lock(" +
         std::string(kAdvisoryLock) +
         ");\n  SELECT c.oid INTO found FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = "
         "i.inhrelid\n"
         "    WHERE i.inhparent = '" +
         std::string(kTable) + "'::regclass AND c.relname = " + QuoteLiteral(PartitionName(month)) +
         ";\n  IF found IS NOT NULL THEN EXECUTE format('DROP TABLE %s', found::regclass); END IF;\nEND\n$drop_month$";
}

std::string QuoteIdentifier(std::string_view name) { return Quoted(name, '"'); }

std::string QuoteLiteral(std::string_view text) {
  // A backslash means nothing in a plain literal (standard_conforming_strings, on since 9.1).
  return Quoted(text, '\'');
}

}  // namespace audit::store::postgres
