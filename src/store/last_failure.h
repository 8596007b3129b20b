// Why the last Write failed, for whoever asks about the store's health meanwhile.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "env/clock.h"
#include "env/mutex.h"
#include "errors/result.h"

namespace audit::store {

// Any thread; none waits for a Write.
class LastFailure {
 public:
  // `clock` outlives it.
  explicit LastFailure(const env::Clock& clock) : clock_(clock) {}

  // nullopt: the last Write succeeded.
  void Set(std::optional<Error> error) {
    const env::MutexLock lock(mutex_);
    error_ = std::move(error);
    at_ = clock_.SteadyNow();
  }

  [[nodiscard]] Result<void> Check() const {
    const env::MutexLock lock(mutex_);
    if (error_ && clock_.SteadyNow() - at_ < kForgotten) return *error_;
    return {};
  }

 private:
  // A batch that failed is repeated after half a minute at most. One that is not has gone to another replica, and
  // its failure says nothing about now.
  static constexpr std::chrono::minutes kForgotten{2};

  const env::Clock& clock_;
  mutable env::Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  env::SteadyTime at_ GUARDED_BY(mutex_);
};

}  // namespace audit::store
