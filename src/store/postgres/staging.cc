#include "store/postgres/staging.h"

#include <algorithm>
#include <functional>

#include "store/postgres/binary.h"
#include "time/rfc3339.h"

namespace audit::store::postgres {

constexpr std::string_view kCreateStaging =
    "CREATE TEMPORARY TABLE audit_events_staging (ord int4 NOT NULL, id text, occurred_at timestamptz, source text, "
    "type text, subject text, actor_type text, actor_id text, resource_type text, resource_id text, action text, "
    "outcome text, reason text, trace_id text, details jsonb) ON COMMIT DROP;";

// The trace is not compared: it may be that of the request, and an event that is sent again may come in another.
//
// LATERAL with a LIMIT: the server looks each row up by the primary key. A join it might do by reading the whole
// table, as it knows nothing of how many rows a table has that was made a moment ago.
constexpr std::string_view kCompareStaged =
    "SELECT s.ord, a.id IS NULL, concat_ws(', ',"
    " CASE WHEN a.source IS DISTINCT FROM s.source THEN 'source' END,"
    " CASE WHEN a.type IS DISTINCT FROM s.type THEN 'type' END,"
    " CASE WHEN a.subject IS DISTINCT FROM s.subject THEN 'subject' END,"
    " CASE WHEN a.actor_type IS DISTINCT FROM s.actor_type THEN 'actor_type' END,"
    " CASE WHEN a.actor_id IS DISTINCT FROM s.actor_id THEN 'actor_id' END,"
    " CASE WHEN a.resource_type IS DISTINCT FROM s.resource_type THEN 'resource_type' END,"
    " CASE WHEN a.resource_id IS DISTINCT FROM s.resource_id THEN 'resource_id' END,"
    " CASE WHEN a.action IS DISTINCT FROM s.action THEN 'action' END,"
    " CASE WHEN a.outcome IS DISTINCT FROM s.outcome THEN 'outcome' END,"
    " CASE WHEN a.reason IS DISTINCT FROM s.reason THEN 'reason' END,"
    " CASE WHEN a.details IS DISTINCT FROM s.details THEN 'details' END)"
    " FROM pg_temp.audit_events_staging s LEFT JOIN LATERAL"
    " (SELECT * FROM audit_events e WHERE e.id = s.id AND e.occurred_at = s.occurred_at"
    "  AND e.occurred_at BETWEEN $2::timestamptz AND $3::timestamptz LIMIT 1) a ON true"
    " WHERE s.ord = ANY ($1::int4[]) ORDER BY s.ord";

std::string InsertStagedSql() {
  const std::string columns(kCopyColumns);
  // Of two rows with one key either may get in: Judge goes by what is stored.
  return "INSERT INTO audit_events (" + columns + ") SELECT " + columns + " FROM " + std::string(kStagingTable) +
         " ON CONFLICT (id, occurred_at) DO NOTHING RETURNING id, occurred_at";
}

std::size_t Duplicates::KeyHash::operator()(const Key& key) const {
  return std::hash<std::string_view>()(key.id) ^ std::hash<std::int64_t>()(key.occurred_at.value) * 31;
}

Duplicates::Duplicates(std::span<const event::Record> records, std::span<const std::uint32_t> piece)
    : records_(records), piece_(piece) {
  seen_.reserve(piece.size());
  for (std::size_t i = 0; i < piece.size(); ++i) ++seen_[KeyOf(i)].records;
}

Duplicates::Key Duplicates::KeyOf(std::size_t ordinal) const {
  const event::Record& record = records_[piece_[ordinal]];
  return {record.id, record.occurred_at};
}

void Duplicates::AddInserted(std::string_view id, time::UnixMicros occurred_at) {
  const auto found = seen_.find({id, occurred_at});
  if (found != seen_.end()) found->second.inserted = true;
}

bool Duplicates::InQuestion(const Key& key) const {
  const Seen& seen = seen_.at(key);
  return seen.records > 1 || !seen.inserted;
}

std::string Duplicates::ordinals() const {
  std::string list = "{";
  for (std::size_t i = 0; i < piece_.size(); ++i) {
    if (!InQuestion(KeyOf(i))) continue;
    if (list.size() > 1) list += ',';
    list += std::to_string(i);
  }
  return list + "}";
}

std::pair<std::string, std::string> Duplicates::range() const {
  std::optional<time::UnixMicros> least;
  std::optional<time::UnixMicros> greatest;
  for (std::size_t i = 0; i < piece_.size(); ++i) {
    const Key key = KeyOf(i);
    if (!InQuestion(key)) continue;
    least = std::min(least.value_or(key.occurred_at), key.occurred_at);
    greatest = std::max(greatest.value_or(key.occurred_at), key.occurred_at);
  }
  return {time::FormatMicros(least.value_or(time::UnixMicros())),
          time::FormatMicros(greatest.value_or(time::UnixMicros()))};
}

RecordOutcome Duplicates::Judge(std::size_t ordinal, std::string_view differing) {
  if (!differing.empty()) {
    return {Outcome::kConflict,
            "another event is stored under this id and time; it differs in " + std::string(differing)};
  }
  Seen& seen = seen_.at(KeyOf(ordinal));
  if (!seen.inserted) return {Outcome::kDuplicate, {}};
  seen.inserted = false;
  return {Outcome::kStored, {}};
}

}  // namespace audit::store::postgres
