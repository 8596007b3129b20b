// What any store of audit events owes (contract, sections 3 to 5). Implementations: sqlite/, postgres/;
// audit_store_contract.h holds them to it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "errors/result.h"
#include "event/record.h"

namespace audit::store {

enum class Outcome : std::uint8_t {
  kStored,     // a new row
  kDuplicate,  // the same event is there already: same id, occurred_at and content, `details` as event::SameDetails
  kConflict,   // another event has this id and occurred_at: ours is not stored
  kRejected,   // this record can never be stored; `reason` says why
};

struct RecordOutcome {
  Outcome outcome = Outcome::kStored;
  std::string reason;  // for kConflict and kRejected, for the dead-letter queue; names no person
};

// One thread at a time.
class AuditStore {
 public:
  virtual ~AuditStore() = default;

  // A batch is begun, and finished later; several may be under way. Records of one key (contract, section 4) get in in
  // the order in which they were begun. `records` and what they show live until Finish has answered for them or Abandon
  // has returned.
  virtual void Begin(std::span<const event::Record> records) = 0;

  // Of the oldest batch under way, one answer a record, in order; what is answered kStored or kDuplicate is durable
  // when this returns. Two equal records in one batch: the first is stored, the second a duplicate. An error
  // (kUnavailable, kLocked, kNoSpace, ...) is about the store, not about a record: the caller keeps the batch and
  // begins it again; rows that got in meanwhile answer kDuplicate then. What was begun after it is abandoned, and begun
  // again too. Creates partitions as the records need them.
  virtual Result<std::vector<RecordOutcome>> Finish() = 0;

  // Nobody asks for what was begun and is not finished. Rows of it may have got in; nothing of it is under way when
  // this returns.
  virtual void Abandon() = 0;

  // Nothing is under way.
  Result<std::vector<RecordOutcome>> Write(std::span<const event::Record> records) {
    Begin(records);
    return Finish();
  }

  // Makes this month's partition and the next `pre_create_months - 1`, and drops those older than
  // `retention_months` (0: none). Returns the names of the dropped ones.
  virtual Result<std::vector<std::string>> MaintainPartitions(time::UnixMicros now, int pre_create_months,
                                                              int retention_months) = 0;
};

// Answers whether the store can be reached, for /health. Any thread; returns within a second.
class StoreProbe {
 public:
  virtual ~StoreProbe() = default;
  virtual Result<void> Check() = 0;
};

}  // namespace audit::store
