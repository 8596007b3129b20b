#include "pipeline/pump_thread.h"

#include <pthread.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "env/mutex.h"

namespace audit::pipeline {

namespace {

constexpr std::chrono::milliseconds kIdleInterval{1'000};

}  // namespace

struct PumpThread::State {
  explicit State(Pump& driven) : pump(driven) {}

  void Loop();
  // False: the thread is to end.
  bool Wait(const Step& step) EXCLUDES(mutex);

  Pump& pump;
  env::Mutex mutex;
  env::Condition wake;
  bool notified GUARDED_BY(mutex) = false;
  std::optional<env::SteadyTime> drain_until GUARDED_BY(mutex);  // set: stopping
  bool drained GUARDED_BY(mutex) = false;
  std::thread thread;
};

void PumpThread::State::Loop() {
  while (true) {
    const Step step = pump.Run();
    if (step.progressed) {
      const env::MutexLock lock(mutex);
      if (drain_until && std::chrono::steady_clock::now() >= *drain_until) return;
      continue;
    }
    if (!Wait(step)) return;
  }
}

bool PumpThread::State::Wait(const Step& step) {
  const env::MutexLock lock(mutex);
  while (true) {
    const env::SteadyTime now = std::chrono::steady_clock::now();
    if (drain_until && now >= *drain_until) return false;
    // A pump that holds something back until a time is not idle, one that does not is.
    if (step.not_before) {
      if (now >= *step.not_before) return true;
      wake.WaitUntil(mutex, drain_until ? std::min(*step.not_before, *drain_until) : *step.not_before);
      continue;
    }
    if (notified) {
      notified = false;
      return true;
    }
    if (drain_until && !step.under_way) {
      drained = true;
      return false;
    }
    // A log far away wants to be asked now and then, even when it has nothing to say.
    if (!wake.WaitUntil(mutex, std::min(now + kIdleInterval, drain_until.value_or(env::SteadyTime::max()))))
      return true;
  }
}

PumpThread::PumpThread(Pump& pump, const std::string& name) : state_(std::make_unique<State>(pump)) {
  state_->thread = std::thread([state = state_.get()] { state->Loop(); });
  pthread_setname_np(state_->thread.native_handle(), name.substr(0, 15).c_str());
}

PumpThread::~PumpThread() { Stop(std::chrono::milliseconds(0)); }

void PumpThread::Notify() {
  const env::MutexLock lock(state_->mutex);
  state_->notified = true;
  state_->wake.NotifyOne();
}

bool PumpThread::Stop(std::chrono::milliseconds drain) {
  {
    const env::MutexLock lock(state_->mutex);
    if (!state_->drain_until) state_->drain_until = std::chrono::steady_clock::now() + drain;
    state_->wake.NotifyOne();
  }
  if (state_->thread.joinable()) state_->thread.join();
  const env::MutexLock lock(state_->mutex);
  return state_->drained;
}

}  // namespace audit::pipeline
