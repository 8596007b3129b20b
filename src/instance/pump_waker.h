// Wakes a pump: from the spool when there is more to read, or from a client of Kafka on any thread.
#pragma once

#include <utility>

#include "env/mutex.h"
#include "pipeline/pump_thread.h"
#include "spool/spool.h"

namespace audit::instance {

// Made before the pump's thread, because the pump's parts are given it; outlives them.
class PumpWaker final : public spool::ProgressListener {
 public:
  // From now on, and until it is called with null, `thread` is woken.
  void Wake(pipeline::PumpThread* thread) EXCLUDES(mutex_) {
    const env::MutexLock lock(mutex_);
    thread_ = thread;
  }
  // Any thread.
  void Notify() EXCLUDES(mutex_) {
    const env::MutexLock lock(mutex_);
    if (thread_ != nullptr) thread_->Notify();
  }

  void OnWritten(spool::Sequence /*through*/) override {}
  void OnSynced(spool::Sequence /*through*/) override { Notify(); }
  void OnFailed(const Error& /*error*/) override {}

 private:
  env::Mutex mutex_;
  pipeline::PumpThread* thread_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace audit::instance
