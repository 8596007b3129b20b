// What the staging path asks of the server, and how its answers become outcomes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "event/record.h"
#include "store/audit_store.h"

namespace audit::store::postgres {

inline constexpr std::string_view kStagingTable = "pg_temp.audit_events_staging";

// Gone with the transaction, so that a pooler's next one finds nothing. `ord` is the place within the piece.
extern const std::string_view kCreateStaging;

// Gives id and occurred_at of the rows that got in.
[[nodiscard]] std::string InsertStagedSql();

// $1: an array of ords; $2, $3: the least and the greatest occurred_at of those, which spare the server the other
// partitions. Gives, by ord, whether no row is stored under its id and time, and the columns in which the stored
// one differs.
extern const std::string_view kCompareStaged;

// Of one piece, the records that have to be compared with what is stored.
class Duplicates {
 public:
  // `records` and `piece` outlive it.
  Duplicates(std::span<const event::Record> records, std::span<const std::uint32_t> piece);

  // A row that got in just now: some record of the piece is it.
  void AddInserted(std::string_view id, time::UnixMicros occurred_at);

  // The records whose id and time did not get in, or occur more than once: "{1,5}" and the range of their times.
  [[nodiscard]] std::string ordinals() const;
  [[nodiscard]] std::pair<std::string, std::string> range() const;

  // In the order of the piece: the first record that equals a row that got in just now is that row.
  RecordOutcome Judge(std::size_t ordinal, std::string_view differing);

 private:
  struct Key {
    std::string_view id;
    time::UnixMicros occurred_at;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Seen {
    std::uint32_t records = 0;
    bool inserted = false;  // and not yet told of one of the records
  };
  [[nodiscard]] Key KeyOf(std::size_t ordinal) const;
  [[nodiscard]] bool InQuestion(const Key& key) const;

  std::span<const event::Record> records_;
  std::span<const std::uint32_t> piece_;
  std::unordered_map<Key, Seen, KeyHash> seen_;
};

}  // namespace audit::store::postgres
