#include "spool/flusher.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "env/mutex.h"

namespace audit::spool {
namespace {

constexpr std::chrono::seconds kMaintenanceInterval{1};

}  // namespace

struct Flusher::State {
  State(Spool& s, std::function<void(const Error&)> f) : spool(s), on_failure(std::move(f)) {}

  void Kick() {
    // Set and not yet taken back: the flusher has still to look, and will then see what the caller
    // appended before. So while it is busy a kick is one load.
    if (kicked.load(std::memory_order_acquire)) return;
    if (!kicked.exchange(true, std::memory_order_acq_rel)) kicked.notify_one();
  }

  void FlushUntilStopped() {
    while (true) {
      kicked.wait(false, std::memory_order_acquire);
      // Taken back before looking: a kick from here on leads to another look.
      kicked.exchange(false, std::memory_order_acq_rel);
      const bool last = stopping.load(std::memory_order_acquire);
      // What was appended during one flush is the next one: no waiting for a kick in between.
      auto flushed = spool.Flush();
      while (flushed && *flushed) flushed = spool.Flush();
      if (!flushed) {
        on_failure(flushed.error());
        return;
      }
      if (last) return;
    }
  }

  void AskForMaintenance() {
    if (maintenance_asked.exchange(true, std::memory_order_acq_rel)) return;
    const env::MutexLock lock(maintenance_mutex);
    maintenance_wanted.NotifyOne();
  }

  void MaintainUntilStopped() {
    while (!stopping.load(std::memory_order_acquire)) {
      maintenance_asked.store(false, std::memory_order_release);
      (void)spool.Maintain().ok();  // told to the spool's observer, and tried again in a second
      const env::MutexLock lock(maintenance_mutex);
      const env::SteadyTime deadline = std::chrono::steady_clock::now() + kMaintenanceInterval;
      while (!maintenance_asked.load(std::memory_order_acquire) && !stopping.load(std::memory_order_acquire)) {
        if (!maintenance_wanted.WaitUntil(maintenance_mutex, deadline)) break;
      }
    }
  }

  Spool& spool;
  const std::function<void(const Error&)> on_failure;
  std::atomic<bool> kicked{false};
  std::atomic<bool> stopping{false};
  std::atomic<bool> maintenance_asked{false};
  env::Mutex maintenance_mutex;
  env::Condition maintenance_wanted;
  std::thread flushing;
  std::thread maintaining;
};

// Shared with the spool's callback, which may be called after this object is gone.
Flusher::Flusher(Spool& spool, std::function<void(const Error&)> on_failure)
    : state_(std::make_shared<State>(spool, std::move(on_failure))) {
  spool.OnMaintenanceNeeded([state = state_] { state->AskForMaintenance(); });
  state_->flushing = std::thread([state = state_.get()] { state->FlushUntilStopped(); });
  state_->maintaining = std::thread([state = state_.get()] { state->MaintainUntilStopped(); });
  pthread_setname_np(state_->flushing.native_handle(), "spool-flusher");
  pthread_setname_np(state_->maintaining.native_handle(), "spool-upkeep");
}

Flusher::~Flusher() { Stop(); }

void Flusher::Kick() { state_->Kick(); }

void Flusher::Stop() {
  state_->stopping.store(true, std::memory_order_release);
  // An exchange and not Kick: its plain load may overtake the store above.
  state_->kicked.exchange(true, std::memory_order_acq_rel);
  state_->kicked.notify_one();
  {
    const env::MutexLock lock(state_->maintenance_mutex);
    state_->maintenance_wanted.NotifyOne();
  }
  if (state_->flushing.joinable()) state_->flushing.join();
  if (state_->maintaining.joinable()) state_->maintaining.join();
}

}  // namespace audit::spool
