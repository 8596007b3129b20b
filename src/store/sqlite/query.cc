#include "store/sqlite/query.h"

#include <algorithm>
#include <utility>

#include "store/sqlite/layout.h"
#include "store/sqlite/reading.h"
#include "time/rfc3339.h"

namespace audit::store {
namespace {

// A statement's text and what is bound to it, in order.
struct Selection {
  std::string sql =
      "SELECT id, occurred_at, ingested_at, source, type, subject, actor_type, actor_id, resource_type, resource_id, "
      "action, outcome, reason, trace_id, details FROM audit_events";
  std::vector<std::string> values;

  void Where(const char* condition) { sql += std::exchange(joint_, " AND ") + std::string(condition); }
  void Where(const char* condition, std::string value) {
    Where(condition);
    values.push_back(std::move(value));
  }
  void WhereSet(const char* condition, const std::optional<std::string>& value) {
    if (value) Where(condition, *value);
  }

 private:
  const char* joint_ = " WHERE ";
};

Selection SelectionFor(const EventQuery& query, Day day) {
  Selection selection;
  selection.WhereSet("id = ?", query.id);
  selection.WhereSet("source = ?", query.source);
  selection.WhereSet("type = ?", query.type);
  selection.WhereSet("actor_id = ?", query.actor_id);
  selection.WhereSet("resource_type = ?", query.resource_type);
  selection.WhereSet("resource_id = ?", query.resource_id);
  selection.WhereSet("trace_id = ?", query.trace_id);
  if (!query.outcomes.empty()) {
    std::string any = "outcome IN (?";
    for (std::size_t i = 1; i < query.outcomes.size(); ++i) any += ",?";
    selection.Where((any + ")").c_str());
    selection.values.insert(selection.values.end(), query.outcomes.begin(), query.outcomes.end());
  }
  // A bound that the whole day keeps is left out.
  if (query.from && *query.from > BeginOf(day)) selection.Where("occurred_at >= ?", time::FormatMicros(*query.from));
  if (query.before && *query.before < BeginOf(day + std::chrono::days(1))) {
    selection.Where("occurred_at < ?", time::FormatMicros(*query.before));
  }
  selection.sql +=
      query.order == Order::kNewestFirst ? " ORDER BY occurred_at DESC, id DESC" : " ORDER BY occurred_at, id";
  return selection;
}

Result<time::UnixMicros> TimeIn(const sqlite::Statement& row, int column, const std::string& path) {
  if (const auto time = time::ParseRfc3339(row.Text(column))) return *time;
  return Error(ErrorCode::kCorrupt, path + ": a row holds a time that is none");
}

Result<StoredEvent> EventIn(const sqlite::Statement& row, const std::string& path) {
  auto occurred_at = TimeIn(row, 1, path);
  if (!occurred_at) return std::move(occurred_at).error();
  auto ingested_at = TimeIn(row, 2, path);
  if (!ingested_at) return std::move(ingested_at).error();
  return StoredEvent{.record = {.id = row.Text(0),
                                .occurred_at = *occurred_at,
                                .source = row.Text(3),
                                .type = row.Text(4),
                                .subject = row.OptionalText(5),
                                .actor_type = row.Text(6),
                                .actor_id = row.Text(7),
                                .resource_type = row.OptionalText(8),
                                .resource_id = row.OptionalText(9),
                                .action = row.Text(10),
                                .outcome = row.Text(11),
                                .reason = row.OptionalText(12),
                                .trace_id = row.OptionalText(13),
                                .details = row.OptionalText(14)},
                     .ingested_at = *ingested_at};
}

// The days of the store that can hold matches, in the order they are to be read.
Result<std::vector<Day>> DaysFor(const std::string& directory, const EventQuery& query) {
  auto months = ListMonths(directory);
  if (!months) return std::move(months).error();
  std::vector<Day> days;
  for (const Month month : *months) {
    if (query.from && month.Plus(1).begin() <= *query.from) continue;
    if (query.before && month.begin() >= *query.before) continue;
    auto of_month = ListDays(directory, month);
    if (!of_month) return of_month;
    for (const Day day : *of_month) {
      if (query.from && BeginOf(day + std::chrono::days(1)) <= *query.from) continue;
      if (query.before && BeginOf(day) >= *query.before) continue;
      days.push_back(day);
    }
  }
  if (query.order == Order::kNewestFirst) std::reverse(days.begin(), days.end());
  return days;
}

// One query under way over several days.
class Scan {
 public:
  Scan(const EventQuery& query, const std::function<bool(const StoredEvent&)>& each) : query_(query), each_(each) {}

  [[nodiscard]] bool done() const { return stopped_ || (query_.limit && given_ >= *query_.limit); }
  [[nodiscard]] std::uint64_t given() const { return given_; }

  Result<void> ReadDay(sqlite::Database& database, Day day) {
    const Selection selection = SelectionFor(query_, day);
    auto rows = database.Prepare(selection.sql);
    if (!rows) return std::move(rows).error();
    int parameter = 1;
    for (const std::string& value : selection.values) rows->BindText(parameter++, value);
    while (!done()) {
      auto row = rows->Step();
      if (!row) return std::move(row).error();
      if (!*row) break;
      auto event = EventIn(*rows, database.path());
      if (!event) return std::move(event).error();
      ++given_;
      stopped_ = !each_(*event);
    }
    return {};
  }

 private:
  const EventQuery& query_;
  const std::function<bool(const StoredEvent&)>& each_;
  std::uint64_t given_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<std::uint64_t> QueryEvents(const std::string& directory, const EventQuery& query,
                                  const std::function<bool(const StoredEvent&)>& each) {
  auto days = DaysFor(directory, query);
  if (!days) return std::move(days).error();
  Scan scan(query, each);
  for (auto day = days->begin(); day != days->end() && !scan.done(); ++day) {
    auto database = OpenDayForReading(DayPath(directory, *day));
    if (!database) return std::move(database).error();
    if (!*database) continue;
    if (auto read = scan.ReadDay(**database, *day); !read) return std::move(read).error();
  }
  return scan.given();
}

}  // namespace audit::store
