// Writes records through one connection of its own: COPY straight into the table while it meets no
// duplicates, through a temporary table while it does. Why: docs/decisions/0008-copy-with-staging.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "errors/result.h"
#include "event/record.h"
#include "store/audit_store.h"
#include "store/postgres/binary.h"
#include "store/postgres/connection.h"
#include "store/postgres/partitions.h"

namespace audit::store::postgres {

// Places in a batch, in its order.
using Places = std::span<const std::uint32_t>;

// One thread at a time; several writers may share `outcomes` as long as their places differ.
class BatchWriter {
 public:
  // Both outlive the writer.
  BatchWriter(const PostgresOptions& options, KnownMonths& months) : options_(options), months_(months) {}

  // The connection, opened where there is none.
  Result<Connection*> Open();

  // Stores records[p] for each p of `places` and sets outcomes[p]. An error: what was committed before it stays,
  // and the rest is as if never given; the connection is closed unless it is known to be sound.
  Result<void> Write(std::span<const event::Record> records, Places places, std::span<RecordOutcome> outcomes);

 private:
  // In pieces of at most piece_limit_ rows.
  Result<void> WritePieces(Places places);
  Result<void> WritePiece(Places piece);
  Result<void> Copy(Places piece);
  Result<void> Stage(Places piece);
  // StartCopy, on a new connection where the old one broke while it stood idle.
  Result<void> StartCopy(const std::string& sql);
  Result<Rows> SendRows(Places piece, bool with_ordinals);
  // After an INSERT ... RETURNING that left out some: asks what is stored under the ids of those.
  Result<void> JudgeTheOthers(Places piece, const Rows& inserted);
  Result<void> MakeMissingMonths(Places piece);

  static constexpr std::size_t kNoLimit = std::size_t{1} << 32;

  const PostgresOptions& options_;
  KnownMonths& months_;
  Connection connection_;
  CopyEncoder encoder_;
  int staged_batches_left_ = 0;
  std::size_t piece_limit_ = kNoLimit;  // rows a transaction
  // Of the Write under way.
  bool found_duplicate_ = false;
  bool table_fits_ = false;  // looked at since a row was refused
  std::span<const event::Record> records_;
  std::span<RecordOutcome> outcomes_;
};

}  // namespace audit::store::postgres
