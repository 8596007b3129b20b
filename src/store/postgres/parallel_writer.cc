#include "store/postgres/parallel_writer.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace audit::store::postgres {

ParallelWriter::ParallelWriter(int writers, WriteShare write)
    : writers_(static_cast<std::size_t>(std::max(writers, 1))), write_(std::move(write)), queues_(writers_) {}

ParallelWriter::~ParallelWriter() {
  Abandon();
  {
    const env::MutexLock lock(mutex_);
    stopping_ = true;
    given_.NotifyAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

bool ParallelWriter::MustWait(const Division& division) const {
  return std::ranges::any_of(
      batches_, [&](const Batch& before) { return before.shares_left > 0 && !division.MayGoBeside(before.division); });
}

void ParallelWriter::Begin(std::span<const event::Record> records, Share places, std::vector<RecordOutcome> outcomes) {
  while (threads_.size() < writers_) {
    std::thread& started = threads_.emplace_back([this, writer = threads_.size()] { Run(writer); });
    pthread_setname_np(started.native_handle(), "store-writer");
  }
  // Without the lock, which the writers need to go on.
  Division division = DivideByKey(records, std::move(places), static_cast<int>(writers_));
  const env::MutexLock lock(mutex_);
  while (MustWait(division)) done_.Wait(mutex_);
  Batch& batch = batches_.emplace_back(Batch{.number = ++last_number_,
                                             .records = records,
                                             .division = std::move(division),
                                             .outcomes = std::move(outcomes),
                                             .shares_left = 0,
                                             .error = std::nullopt});
  for (std::size_t writer = 0; writer < writers_; ++writer) {
    if (batch.division.shares[writer].empty()) continue;
    queues_[writer].push_back(&batch);
    ++batch.shares_left;
  }
  given_.NotifyAll();
}

Result<std::vector<RecordOutcome>> ParallelWriter::Finish() {
  const env::MutexLock lock(mutex_);
  while (batches_.front().shares_left > 0) done_.Wait(mutex_);
  Batch finished = std::move(batches_.front());
  if (finished.error) {
    AbandonAll();
    return *std::move(finished.error);
  }
  batches_.pop_front();
  return std::move(finished.outcomes);
}

void ParallelWriter::Abandon() {
  const env::MutexLock lock(mutex_);
  AbandonAll();
}

void ParallelWriter::AbandonAll() {
  for (std::deque<Batch*>& queue : queues_) {
    for (Batch* const batch : queue) --batch->shares_left;
    queue.clear();
  }
  while (std::ranges::any_of(batches_, [](const Batch& batch) { return batch.shares_left > 0; })) done_.Wait(mutex_);
  batches_.clear();
  failed_.reset();
}

void ParallelWriter::Run(std::size_t writer) {
  const env::MutexLock lock(mutex_);
  std::deque<Batch*>& queue = queues_[writer];
  for (;;) {
    while (queue.empty()) {
      if (stopping_) return;
      given_.Wait(mutex_);
    }
    Batch& batch = *queue.front();
    queue.pop_front();
    if (failed_ && *failed_ < batch.number) {
      if (!batch.error) batch.error = Error(ErrorCode::kUnavailable, "a batch before this one was not written");
    } else {
      mutex_.Unlock();
      Result<void> written = write_(writer, batch.records, batch.division.shares[writer], batch.outcomes);
      mutex_.Lock();
      if (!written) {
        failed_ = std::min(failed_.value_or(batch.number), batch.number);
        if (!batch.error) batch.error = std::move(written).error();
      }
    }
    --batch.shares_left;
    done_.NotifyAll();
  }
}

}  // namespace audit::store::postgres
