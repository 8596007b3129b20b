#include "store/postgres/query.h"

#include <utility>

#include "store/postgres/connection.h"
#include "store/postgres/transaction.h"
#include "time/rfc3339.h"

namespace audit::store {
namespace postgres {
namespace {

// An event may have megabytes: few enough to hold, many enough that the round trips do not count.
constexpr int kRowsAtATime = 200;
constexpr std::size_t kJsonbVersionBytes = 1;

class Conditions {
 public:
  explicit Conditions(Selection& selection) : selection_(selection) {}

  void Add(const std::string& condition, std::string value, const char* cast = "") {
    selection_.sql += std::exchange(joint_, " AND ") + condition + Bind(std::move(value)) + cast;
  }
  void AddSet(const std::string& condition, const std::optional<std::string>& value) {
    if (value) Add(condition, *value);
  }
  void AddAny(const std::string& column, const std::vector<std::string>& values) {
    if (values.empty()) return;
    selection_.sql += std::exchange(joint_, " AND ") + column + " IN (";
    for (std::size_t i = 0; i < values.size(); ++i) selection_.sql += (i == 0 ? "" : ", ") + Bind(values[i]);
    selection_.sql += ")";
  }

 private:
  std::string Bind(std::string value) {
    selection_.parameters.push_back(std::move(value));
    return "$" + std::to_string(selection_.parameters.size());
  }

  Selection& selection_;
  std::string joint_ = " WHERE ";
};

std::optional<std::string_view> Details(const Rows& rows, int row, int column) {
  auto details = rows.OptionalText(row, column);
  if (details && !details->empty()) details->remove_prefix(kJsonbVersionBytes);
  return details;
}

StoredEvent EventIn(const Rows& rows, int row) {
  return {.record = {.id = rows.Text(row, 0),
                     .occurred_at = {UnixMicrosOfBinary(rows.Text(row, 1))},
                     .source = rows.Text(row, 3),
                     .type = rows.Text(row, 4),
                     .subject = rows.OptionalText(row, 5),
                     .actor_type = rows.Text(row, 6),
                     .actor_id = rows.Text(row, 7),
                     .resource_type = rows.OptionalText(row, 8),
                     .resource_id = rows.OptionalText(row, 9),
                     .action = rows.Text(row, 10),
                     .outcome = rows.Text(row, 11),
                     .reason = rows.OptionalText(row, 12),
                     .trace_id = rows.OptionalText(row, 13),
                     .details = Details(rows, row, 14)},
          .ingested_at = {UnixMicrosOfBinary(rows.Text(row, 2))}};
}

}  // namespace

Selection SelectionFor(const EventQuery& query) {
  Selection selection;
  selection.sql =
      "SELECT id, occurred_at, ingested_at, source, type, subject, actor_type, actor_id, resource_type, resource_id, "
      "action, outcome, reason, trace_id, details FROM audit_events";
  Conditions where(selection);
  // The time first: it decides which partitions are read at all.
  if (query.from) where.Add("occurred_at >= ", time::FormatMicros(*query.from), "::timestamptz");
  if (query.before) where.Add("occurred_at < ", time::FormatMicros(*query.before), "::timestamptz");
  where.AddSet("id = ", query.id);
  where.AddSet("source = ", query.source);
  where.AddSet("type = ", query.type);
  where.AddSet("actor_id = ", query.actor_id);
  where.AddSet("resource_type = ", query.resource_type);
  where.AddSet("resource_id = ", query.resource_id);
  where.AddSet("trace_id = ", query.trace_id);
  where.AddAny("outcome", query.outcomes);
  selection.sql +=
      query.order == Order::kNewestFirst ? " ORDER BY occurred_at DESC, id DESC" : " ORDER BY occurred_at, id";
  if (query.limit) selection.sql += " LIMIT " + std::to_string(*query.limit);
  return selection;
}

}  // namespace postgres

Result<std::uint64_t> QueryEvents(const PostgresOptions& options, const EventQuery& query,
                                  const std::function<bool(const StoredEvent&)>& each) {
  auto connection = postgres::Connection::Open(options);
  if (!connection) return std::move(connection).error();
  postgres::Transaction transaction(*connection);
  if (auto begun = connection->Execute(postgres::BeginSql(options) + "SET TRANSACTION READ ONLY"); !begun) {
    return std::move(begun).error();
  }
  // A cursor: the server plans for the first rows, and nobody holds all of them.
  const postgres::Selection selection = postgres::SelectionFor(query);
  auto declared = connection->Query("DECLARE matching NO SCROLL CURSOR FOR " + selection.sql, selection.parameters);
  if (!declared) return std::move(declared).error();
  const std::string fetch = "FETCH " + std::to_string(postgres::kRowsAtATime) + " FROM matching";
  std::uint64_t given = 0;
  for (;;) {
    auto rows = connection->Query(fetch, {}, postgres::Format::kBinary);
    if (!rows) return std::move(rows).error();
    for (int row = 0; row < rows->size(); ++row) {
      ++given;
      if (!each(postgres::EventIn(*rows, row))) return given;
    }
    if (rows->size() < postgres::kRowsAtATime) return given;
  }
}

}  // namespace audit::store
