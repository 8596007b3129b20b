#include "store/postgres/batch_writer.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "store/postgres/schema.h"
#include "store/postgres/staging.h"
#include "store/postgres/transaction.h"

namespace audit::store::postgres {
namespace {

// A batch that meets a duplicate in the COPY is written twice, and the first time leaves dead rows. Duplicates
// come in runs (a replica that was killed, a topic read again), so the next batches go the slower way,
// and some more after the last duplicate.
constexpr int kStagedBatches = 16;

// Past it, and below, COPY is no faster; it bounds what a batch takes here.
constexpr std::size_t kPieceBytes = 64U << 10;

// Rows of a transaction below which a time-out is not the size's fault.
constexpr std::size_t kLeastLimit = 16;

std::string CopySql(std::string_view table, std::string_view columns) {
  return "COPY " + std::string(table) + " (" + std::string(columns) + ") FROM STDIN (FORMAT BINARY)";
}

}  // namespace

Result<Connection*> BatchWriter::Open() {
  if (!connection_.usable()) {
    auto opened = Connection::Open(options_);
    if (!opened) return std::move(opened).error();
    connection_ = std::move(*opened);
  }
  return &connection_;
}

Result<void> BatchWriter::Write(std::span<const event::Record> records, Places places,
                                std::span<RecordOutcome> outcomes) {
  records_ = records;
  outcomes_ = outcomes;
  found_duplicate_ = false;
  table_fits_ = false;
  auto written = WritePieces(places);
  if (!written) {
    // A server that is read-only or shutting down may not be the one that answers a new connection.
    const ErrorCode code = written.error().code();
    if (code != ErrorCode::kLocked && code != ErrorCode::kTimeout) connection_.Close();
    return written;
  }
  if (found_duplicate_) {
    staged_batches_left_ = kStagedBatches;
  } else if (staged_batches_left_ > 0) {
    --staged_batches_left_;
  }
  return {};
}

Result<void> BatchWriter::WritePieces(Places places) {
  while (!places.empty()) {
    const Places piece = places.first(std::min(places.size(), piece_limit_));
    if (auto written = WritePiece(piece); !written) {
      // On a server so slow that a batch does not get in within its time-out, the repeated one goes in by smaller
      // transactions. Else it would be repeated for ever.
      if (written.error().code() == ErrorCode::kTimeout) piece_limit_ = std::max(kLeastLimit, piece.size() / 2);
      return written;
    }
    places = places.subspan(piece.size());
  }
  piece_limit_ = std::min(2 * piece_limit_, kNoLimit);
  return {};
}

Result<void> BatchWriter::WritePiece(Places piece) {
  bool months_made = false;
  for (;;) {
    const bool staged = staged_batches_left_ > 0;
    auto written = staged ? Stage(piece) : Copy(piece);
    if (written) return written;
    const std::optional<Report> report = connection_.report();
    if (!report) return written;
    switch (FaultOf(*report)) {
      case Fault::kServer: return written;
      case Fault::kNoPartition:
        if (months_made) return written;
        months_made = true;
        if (auto made = MakeMissingMonths(piece); !made) return made;
        continue;
      case Fault::kDuplicateKey:
        if (!staged) {
          staged_batches_left_ = kStagedBatches;
          continue;
        }
        break;  // of an index that is not the primary key: the row's own
      case Fault::kRow: break;
    }
    // A table that was changed under us refuses sound rows: they wait until somebody mends it.
    if (!table_fits_) {
      if (auto fits = EnsureSchema(connection_, options_, Missing::kIsAnError); !fits) return std::move(fits).error();
      table_fits_ = true;
    }
    if (piece.size() == 1) {
      outcomes_[piece.front()] = {Outcome::kRejected, ReasonOf(*report)};
      return {};
    }
    // Halves, in order, each in a transaction of its own, until the row stands alone.
    const Places first = piece.first(piece.size() / 2);
    if (auto half = WritePiece(first); !half) return half;
    piece = piece.subspan(first.size());
    months_made = false;
  }
}

Result<void> BatchWriter::StartCopy(const std::string& sql) {
  const bool reused = connection_.usable();
  if (auto open = Open(); !open) return std::move(open).error();
  auto started = connection_.StartCopy(sql);
  if (started || !reused || connection_.usable() || started.error().code() == ErrorCode::kTimeout) return started;
  if (auto open = Open(); !open) return std::move(open).error();
  return connection_.StartCopy(sql);
}

Result<Rows> BatchWriter::SendRows(Places piece, bool with_ordinals) {
  encoder_.Begin();
  std::uint32_t ordinal = 0;
  for (const std::uint32_t place : piece) {
    if (with_ordinals) {
      encoder_.Append(records_[place], ordinal++);
    } else {
      encoder_.Append(records_[place]);
    }
    if (encoder_.bytes().size() < kPieceBytes) continue;
    if (auto sent = connection_.SendCopy(encoder_.bytes()); !sent) return std::move(sent).error();
    encoder_.Clear();
  }
  encoder_.End();
  if (auto sent = connection_.SendCopy(encoder_.bytes()); !sent) return std::move(sent).error();
  return connection_.FinishCopy();
}

Result<void> BatchWriter::Copy(Places piece) {
  if (auto started = StartCopy(BeginSql(options_) + CopySql("audit_events", kCopyColumns) + ";" + kCommitSql);
      !started) {
    connection_.Rollback();
    return started;
  }
  const Transaction transaction(connection_);
  // The commit point is in it. Before it nothing of the piece is there, after it all of it; a crash or a lost
  // connection in between is told apart when the batch is repeated: its rows answer as duplicates.
  if (auto committed = Transaction::Committed(SendRows(piece, false)); !committed) return committed;
  for (const std::uint32_t place : piece) outcomes_[place] = {Outcome::kStored, {}};
  return {};
}

Result<void> BatchWriter::Stage(Places piece) {
  if (auto started = StartCopy(BeginSql(options_) + std::string(kCreateStaging) +
                               CopySql(kStagingTable, "ord, " + std::string(kCopyColumns)));
      !started) {
    connection_.Rollback();
    return started;
  }
  Transaction transaction(connection_);
  if (auto sent = SendRows(piece, true); !sent) return std::move(sent).error();
  auto inserted = connection_.Query(InsertStagedSql(), {}, Format::kBinary);
  if (!inserted) return std::move(inserted).error();
  for (const std::uint32_t place : piece) outcomes_[place] = {Outcome::kStored, {}};
  if (static_cast<std::size_t>(inserted->size()) < piece.size()) {
    found_duplicate_ = true;
    if (auto judged = JudgeTheOthers(piece, *inserted); !judged) return judged;
  }
  return transaction.Commit();
}

Result<void> BatchWriter::JudgeTheOthers(Places piece, const Rows& inserted) {
  Duplicates duplicates(records_, piece);
  for (int row = 0; row < inserted.size(); ++row) {
    duplicates.AddInserted(inserted.Text(row, 0), {UnixMicrosOfBinary(inserted.Text(row, 1))});
  }
  const auto [from, to] = duplicates.range();
  auto compared = connection_.Query(std::string(kCompareStaged), {duplicates.ordinals(), from, to});
  if (!compared) return std::move(compared).error();
  for (int row = 0; row < compared->size(); ++row) {
    const auto ordinal = static_cast<std::size_t>(compared->Integer(row, 0));
    if (compared->Bool(row, 1)) {
      return Error(ErrorCode::kLocked, "a row of audit_events that was in the way of another is gone");
    }
    outcomes_[piece[ordinal]] = duplicates.Judge(ordinal, compared->Text(row, 2));
  }
  return {};
}

Result<void> BatchWriter::MakeMissingMonths(Places piece) {
  // The partition was there when we last looked, or it was made in another time zone and its month begins
  // some hours off, so that the row belongs to the month before or after.
  std::set<Month> months;
  for (const std::uint32_t place : piece) {
    const Month month = Month::Of(records_[place].occurred_at);
    months.insert({month, month.Plus(-1), month.Plus(1)});
  }
  months_.Forget();
  auto open = Open();
  if (!open) return std::move(open).error();
  return months_.Ensure(**open, options_, months);
}

}  // namespace audit::store::postgres
