#include "store/sqlite/day_file.h"

#include <array>
#include <optional>
#include <utility>

#include "event/details.h"
#include "store/sqlite/schema.h"
#include "time/rfc3339.h"

namespace audit::store {
namespace {

constexpr std::string_view kInsert =
    "INSERT INTO audit_events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING";

// In the order of Columns.
constexpr std::string_view kFind =
    "SELECT source, type, subject, actor_type, actor_id, resource_type, resource_id, action, outcome, reason, "
    "trace_id, details FROM audit_events WHERE occurred_at = ? AND id = ?";

struct Column {
  const char* name;
  std::optional<std::string_view> value;
  bool compared = true;
};

std::array<Column, 11> Columns(const event::Record& record) {
  return {{{"source", record.source},
           {"type", record.type},
           {"subject", record.subject},
           {"actor_type", record.actor_type},
           {"actor_id", record.actor_id},
           {"resource_type", record.resource_type},
           {"resource_id", record.resource_id},
           {"action", record.action},
           {"outcome", record.outcome},
           {"reason", record.reason},
           // It may be that of the request, and an event that is sent again may come in another.
           {.name = "trace_id", .value = record.trace_id, .compared = false}}};
}

bool SameDetails(const std::optional<std::string_view>& stored, const std::optional<std::string_view>& given) {
  return stored.has_value() == given.has_value() && (!stored || event::SameDetails(*stored, *given));
}

}  // namespace

Result<DayFile> DayFile::Open(const std::string& path, const DayFileOptions& options) {
  auto database = sqlite::Database::Open(path, sqlite::OpenMode::kCreate, options.busy_timeout);
  if (!database) return std::move(database).error();
  if (auto prepared = PrepareDayFile(*database, options.cache_bytes); !prepared) return std::move(prepared).error();
  auto insert = database->Prepare(kInsert);
  if (!insert) return std::move(insert).error();
  auto find = database->Prepare(kFind);
  if (!find) return std::move(find).error();
  return DayFile(std::move(*database), std::move(*insert), std::move(*find));
}

Result<RecordOutcome> DayFile::Insert(const event::Record& record, std::string_view ingested_at) {
  const std::string occurred_at = time::FormatMicros(record.occurred_at);
  insert_.BindText(1, record.id);
  insert_.BindText(2, occurred_at);
  insert_.BindText(3, ingested_at);
  int parameter = 4;
  for (const Column& column : Columns(record)) insert_.BindText(parameter++, column.value);
  insert_.BindText(parameter, record.details);
  const Result<bool> stepped = insert_.Step();
  insert_.Reset();
  if (!stepped) {
    if (stepped.error().code() != ErrorCode::kInvalidArgument) return stepped.error();
    return RecordOutcome{Outcome::kRejected, stepped.error().message()};
  }
  if (database_.changes() == 0) return CompareWithStored(record, occurred_at);
  return RecordOutcome{Outcome::kStored, {}};
}

Result<RecordOutcome> DayFile::CompareWithStored(const event::Record& record, std::string_view occurred_at) {
  find_.BindText(1, occurred_at);
  find_.BindText(2, record.id);
  const Result<bool> row = find_.Step();
  if (!row || !*row) {
    find_.Reset();
    if (!row) return row.error();
    return Error(ErrorCode::kCorrupt, database_.path() + ": a row is in its unique index and not in its table");
  }
  std::string differing;
  const auto differs = [&differing](const char* name) {
    differing += (differing.empty() ? "" : ", ") + std::string(name);
  };
  int index = 0;
  for (const Column& column : Columns(record)) {
    if (find_.OptionalText(index++) != column.value && column.compared) differs(column.name);
  }
  if (!SameDetails(find_.OptionalText(index), record.details)) differs("details");
  find_.Reset();
  if (differing.empty()) return RecordOutcome{Outcome::kDuplicate, {}};
  return RecordOutcome{Outcome::kConflict,
                       "another event is stored under this id and time; it differs in " + differing};
}

}  // namespace audit::store
