#include "api/ack_hub.h"

#include <limits>

#include "api/ack_queue.h"

namespace audit::api {

// `queued` is the same way with nothing to wait for.
AckHub::AckHub(AckMoment moment)
    : moment_(moment), through_(moment == AckMoment::kQueued ? std::numeric_limits<std::uint64_t>::max() : 0) {}

void AckHub::OnWritten(spool::Sequence through) {
  if (moment_ == AckMoment::kWritten) Advance(through);
}

void AckHub::OnSynced(spool::Sequence through) {
  if (moment_ == AckMoment::kSynced) Advance(through);
}

void AckHub::OnReplicated(spool::Sequence through) {
  if (moment_ == AckMoment::kReplicated) Advance(through);
}

void AckHub::Advance(spool::Sequence through) {
  through_.store(through.value);
  const env::MutexLock lock(mutex_);
  for (AckQueue* queue : queues_) queue->WakeIfDue(through.value);
}

void AckHub::OnFailed(const Error& /*error*/) {
  failed_.store(true);
  const env::MutexLock lock(mutex_);
  for (AckQueue* queue : queues_) queue->WakeIfDue(std::numeric_limits<std::uint64_t>::max());
}

void AckHub::Add(AckQueue& queue) {
  const env::MutexLock lock(mutex_);
  queues_.push_back(&queue);
}

void AckHub::Remove(AckQueue& queue) {
  const env::MutexLock lock(mutex_);
  std::erase(queues_, &queue);
}

}  // namespace audit::api
