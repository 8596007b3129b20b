// PostgreSQL's binary forms, as COPY takes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/record.h"

namespace audit::store::postgres {

// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in Unix microseconds.
inline constexpr std::int64_t kPostgresEpochMicros = 946'684'800'000'000;

// The columns that Append writes, in this order: all but ingested_at, which the server's clock gives.
inline constexpr std::string_view kCopyColumns =
    "id, occurred_at, source, type, subject, actor_type, actor_id, resource_type, resource_id, action, outcome, "
    "reason, "
    "trace_id, details";

// Collects what one COPY ... (FORMAT BINARY) is to send; take() it in pieces.
// https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".
class CopyEncoder {
 public:
  void Begin();
  void Append(const event::Record& record) { AppendRow(record, nullptr); }
  // With the place in the batch as a first column, an int4.
  void Append(const event::Record& record, std::uint32_t ordinal) { AppendRow(record, &ordinal); }
  void End();

  [[nodiscard]] std::string_view bytes() const { return {buffer_.data(), used_}; }
  void Clear() { used_ = 0; }

 private:
  void AppendRow(const event::Record& record, const std::uint32_t* ordinal);

  std::string buffer_;  // its size is the room there is
  std::size_t used_ = 0;
};

}  // namespace audit::store::postgres
