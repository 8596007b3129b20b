// One I/O thread of the server: its loop, its listening socket, its handler, its connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "env/mutex.h"
#include "http/connection_set.h"
#include "http/event_loop.h"
#include "http/handler.h"
#include "http/listener.h"
#include "http/server.h"
#include "http/tls.h"

namespace audit::http {

class ServerThread final : private Pollable {
 public:
  ServerThread(const ServerOptions& options, ServerShared& server, std::size_t max_requests_in_flight,
               std::unique_ptr<EventLoop> loop, Descriptor socket, std::shared_ptr<TlsContext> tls);
  ~ServerThread();
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  void Start(const HandlerFactory& factory);
  // Any thread: from now on no connection is taken and every answer ends its connection; the thread
  // ends when all are gone, or at the earliest `deadline` it was given.
  void BeginStop(env::SteadyTime deadline);
  void Join();
  // Any thread: runs `task` on this one soon, or drops it once this one has ended.
  void Post(std::function<void()> task) { loop_->Post(std::move(task)); }
  // Any thread: connections taken when this has returned use it.
  void UseTls(std::shared_ptr<TlsContext> tls);
  [[nodiscard]] const ThreadCounters& counters() const { return shared_.counters; }

 private:
  void Run();
  void OnReady(Readiness readiness) override;  // of the listening socket
  bool AcceptOne();
  void StopAccepting();
  void Sweep();
  [[nodiscard]] std::chrono::milliseconds TimeToWait() const;
  [[nodiscard]] std::shared_ptr<TlsContext> CurrentTls();

  const ServerOptions& options_;
  const std::chrono::milliseconds sweep_interval_;
  std::unique_ptr<EventLoop> loop_;
  Acceptor acceptor_;
  env::Mutex tls_mutex_;
  std::shared_ptr<TlsContext> tls_ GUARDED_BY(tls_mutex_);  // null: plain HTTP
  ConnectionShared shared_;
  std::unique_ptr<Handler> handler_;
  env::SteadyTime next_sweep_;
  env::SteadyTime stop_deadline_ = env::SteadyTime::max();
  bool accepting_paused_ = false;
  std::thread thread_;
};

}  // namespace audit::http
