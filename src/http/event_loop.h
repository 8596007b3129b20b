// Waits for sockets and for work from other threads: epoll, edge-triggered, a round at a time. What
// HTTP is, it does not know.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "env/clock.h"
#include "env/mutex.h"
#include "errors/result.h"
#include "http/descriptor.h"
#include "http/handler.h"

namespace audit::http {

struct Readiness {
  bool readable = false;
  bool ended = false;  // the other side will send no more; what it sent may still be to be read
  bool writable = false;
  bool broken = false;  // an error, or both directions are closed
};

class Pollable {
 public:
  virtual void OnReady(Readiness readiness) = 0;

 protected:
  ~Pollable() = default;
};

class EventLoop final : public IoThread {
 public:
  enum class Trigger : std::uint8_t { kEdge, kLevel };

  static Result<std::unique_ptr<EventLoop>> Create();

  // Reports readiness of `descriptor` until it is closed. Edge: both directions, once at each
  // change; level: readable, for as long as it is. False when the system refuses.
  [[nodiscard]] bool Watch(int descriptor, Pollable& pollable, Trigger trigger);
  void Unwatch(int descriptor);

  // Any thread.
  void Post(std::function<void()> task) override;

  // One round: waits until something is ready or `timeout` has passed (negative: for ever), reports
  // it, runs what was posted. A Pollable reported to in this round must stay alive until it ends.
  void RunRound(std::chrono::milliseconds timeout);
  // Drops what was posted and everything posted from now on.
  void Close();

  [[nodiscard]] env::SteadyTime now() const { return now_; }  // at the start of the round

 private:
  EventLoop(Descriptor epoll, Descriptor wakeup) : epoll_(std::move(epoll)), wakeup_(std::move(wakeup)) {}
  void RunPosted();

  const Descriptor epoll_;
  const Descriptor wakeup_;
  env::SteadyTime now_ = std::chrono::steady_clock::now();

  env::Mutex mutex_;
  std::vector<std::function<void()>> posted_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace audit::http
