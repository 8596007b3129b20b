#include "instance/periodic_thread.h"

#include <pthread.h>

#include <utility>

namespace audit::instance {

PeriodicThread::PeriodicThread(const std::string& name, std::function<std::chrono::milliseconds()> work)
    : work_(std::move(work)), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

PeriodicThread::~PeriodicThread() { Stop(); }

void PeriodicThread::Stop() {
  {
    const env::MutexLock lock(mutex_);
    stop_ = true;
  }
  stopped_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void PeriodicThread::Run() {
  for (;;) {
    const std::chrono::milliseconds pause = work_();
    const env::SteadyTime next = env::SystemClock().SteadyNow() + pause;
    const env::MutexLock lock(mutex_);
    while (!stop_ && stopped_.WaitUntil(mutex_, next)) {
    }
    if (stop_) return;
  }
}

}  // namespace audit::instance
