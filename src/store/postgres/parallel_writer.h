// Batches on their way through several writers at the same time, the order of each key kept: a writer takes its
// share of a batch as soon as it is done with that of the batch before, whatever the others do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "env/mutex.h"
#include "errors/result.h"
#include "event/record.h"
#include "store/audit_store.h"
#include "store/postgres/shares.h"

namespace audit::store::postgres {

// Begin, Finish and Abandon by one thread at a time. They wait as long as writers take, which have deadlines.
class ParallelWriter {
 public:
  // Writes records[p] for each p of `places` and sets outcomes[p]; called on the thread of `writer`, never twice at
  // a time for one. The spans are the writer's until it returns.
  using WriteShare =
      std::function<Result<void>(std::size_t writer, std::span<const event::Record> records,
                                 std::span<const std::uint32_t> places, std::span<RecordOutcome> outcomes)>;
  ParallelWriter(int writers, WriteShare write);
  ~ParallelWriter();
  ParallelWriter(const ParallelWriter&) = delete;
  ParallelWriter& operator=(const ParallelWriter&) = delete;

  // Waits first where the batch must not be written beside those under way. `records` live until Finish has answered
  // for them or Abandon has returned; `outcomes` holds the answers to those that are not at `places`.
  void Begin(std::span<const event::Record> records, Share places, std::vector<RecordOutcome> outcomes);
  // The answers of the oldest one. An error: all that was begun after it is abandoned.
  Result<std::vector<RecordOutcome>> Finish();
  // Forgets all that was begun and not finished; when it returns nothing of it is under way.
  void Abandon();

 private:
  struct Batch {
    std::uint64_t number = 0;
    std::span<const event::Record> records;
    Division division;
    std::vector<RecordOutcome> outcomes;
    std::size_t shares_left = 0;
    std::optional<Error> error;
  };

  void Run(std::size_t writer);
  void AbandonAll() REQUIRES(mutex_);
  [[nodiscard]] bool MustWait(const Division& division) const REQUIRES(mutex_);

  const std::size_t writers_;
  const WriteShare write_;
  env::Mutex mutex_;
  env::Condition given_;
  env::Condition done_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  // Of the first batch that failed: none behind it is written, so that nothing overtakes what will be repeated.
  std::optional<std::uint64_t> failed_ GUARDED_BY(mutex_);
  std::deque<Batch> batches_ GUARDED_BY(mutex_);               // a deque: they do not move
  std::vector<std::deque<Batch*>> queues_ GUARDED_BY(mutex_);  // one a writer
  std::vector<std::thread> threads_;                           // from the first batch on
};

}  // namespace audit::store::postgres
