// A thread that does one thing at intervals that the thing itself chooses: partitions, store probe.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "env/mutex.h"

namespace audit::instance {

class PeriodicThread {
 public:
  // Runs `work` at once and then each time the span that it returned has passed. `name` shows in
  // tools that list threads; 15 characters of it count.
  PeriodicThread(const std::string& name, std::function<std::chrono::milliseconds()> work);
  ~PeriodicThread();  // as Stop
  PeriodicThread(const PeriodicThread&) = delete;
  PeriodicThread& operator=(const PeriodicThread&) = delete;

  // Lets a run that is under way finish; there is none after it. May be called again.
  void Stop() EXCLUDES(mutex_);

 private:
  void Run() EXCLUDES(mutex_);

  const std::function<std::chrono::milliseconds()> work_;
  env::Mutex mutex_;
  env::Condition stopped_;
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace audit::instance
