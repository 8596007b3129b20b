#include "instance/heartbeat.h"

#include "env/mutex.h"
#include "telemetry/log.h"

namespace audit::instance {

// One at a time: what the event loops are asked, and whether all have answered.
class Heartbeat::Question {
 public:
  explicit Question(const Supervisor& supervisor) : supervisor_(supervisor) {}

  // False: the last one has no answer yet.
  bool Begin() EXCLUDES(mutex_) {
    const env::MutexLock lock(mutex_);
    if (open_) return false;
    open_ = true;
    return true;
  }
  void Answer() EXCLUDES(mutex_) {
    const env::MutexLock lock(mutex_);
    open_ = false;
    if (!ended_) supervisor_.Alive();
  }
  void End() EXCLUDES(mutex_) {
    const env::MutexLock lock(mutex_);
    ended_ = true;
  }

 private:
  const Supervisor& supervisor_;
  env::Mutex mutex_;
  bool open_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
};

Heartbeat::Heartbeat(const Supervisor& supervisor, Instance& instance)
    : question_(std::make_shared<Question>(supervisor)) {
  if (!supervisor.alive_interval()) return;
  const auto interval = std::chrono::ceil<std::chrono::milliseconds>(*supervisor.alive_interval());
  thread_.emplace("heartbeat", [&instance, interval, question = question_] {
    if (question->Begin()) {
      instance.AskEventLoops([question] { question->Answer(); });
    } else {
      Log(telemetry::LogLevel::kError, "an event loop does not answer, so the supervisor is not told that all is well");
    }
    return interval;
  });
}

Heartbeat::~Heartbeat() {
  thread_.reset();
  question_->End();
}

}  // namespace audit::instance
