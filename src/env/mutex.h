// A mutex whose use Clang can check: fields say GUARDED_BY(mutex_), functions REQUIRES(mutex_),
// and -Wthread-safety turns a forgotten lock into a compile error.
#pragma once

#include <condition_variable>
#include <mutex>

#include "env/clock.h"

#if defined(__clang__)
#define AUDIT_ATTRIBUTE(x) __attribute__((x))
#else
#define AUDIT_ATTRIBUTE(x)
#endif
#define CAPABILITY(x) AUDIT_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY AUDIT_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) AUDIT_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) AUDIT_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) AUDIT_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) AUDIT_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) AUDIT_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace audit::env {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Wakes may be spurious: callers wait in a loop over their own predicate.
class Condition {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `deadline` passed first.
  bool WaitUntil(Mutex& mutex, SteadyTime deadline) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace audit::env
