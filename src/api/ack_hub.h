// How far the spool is with what a 202 waits for (ingest.durability), told to the I/O threads that
// have somebody waiting.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "env/mutex.h"
#include "errors/error.h"
#include "spool/spool.h"

namespace audit::api {

class AckQueue;

// The moment of the 202 (the ack contract is in spool/spool.h).
enum class AckMoment : std::uint8_t { kQueued, kWritten, kSynced, kReplicated };

class AckHub final : public spool::ProgressListener {
 public:
  explicit AckHub(AckMoment moment);

  // Everything up to here may be answered 202. Any thread.
  [[nodiscard]] std::uint64_t through() const { return through_.load(); }
  // Nothing past through() ever may. Any thread.
  [[nodiscard]] bool failed() const { return failed_.load(); }

  // On the flushing thread.
  void OnWritten(spool::Sequence through) override;
  void OnSynced(spool::Sequence through) override;
  void OnFailed(const Error& error) override;

  // The shared log has everything up to `through` on its replicas. Any one thread.
  void OnReplicated(spool::Sequence through);

  // A queue is woken from Add to Remove. Any thread.
  void Add(AckQueue& queue) EXCLUDES(mutex_);
  void Remove(AckQueue& queue) EXCLUDES(mutex_);

 private:
  void Advance(spool::Sequence through) EXCLUDES(mutex_);

  const AckMoment moment_;
  std::atomic<std::uint64_t> through_;
  std::atomic<bool> failed_{false};
  env::Mutex mutex_;
  std::vector<AckQueue*> queues_ GUARDED_BY(mutex_);
};

}  // namespace audit::api
