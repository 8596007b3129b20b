#include "http/server.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "env/mutex.h"
#include "http/file_limit.h"
#include "http/listener.h"
#include "http/server_thread.h"

namespace audit::http {

struct Server::State {
  ServerOptions options;  // constant after Listen, as the threads and the factory are
  HandlerFactory factory;
  std::uint16_t port = 0;
  std::atomic<std::size_t> connections{0};
  std::vector<std::unique_ptr<ServerThread>> threads;
  env::Mutex stop_mutex;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Stop(std::chrono::milliseconds::zero()); }

Result<std::unique_ptr<Server>> Server::Listen(ServerOptions options, HandlerFactory factory) {
  RaiseFileLimit();
  std::shared_ptr<TlsContext> tls;
  if (!options.tls.certificate_file.empty() || !options.tls.key_file.empty()) {
    Result<std::shared_ptr<TlsContext>> loaded = TlsContext::Load(options.tls);
    if (!loaded) return std::move(loaded).error();
    tls = *std::move(loaded);
  }
  const unsigned count = std::max(options.threads, 1U);
  Result<ListenSockets> listening = OpenListenSockets(options.host, options.port, count);
  if (!listening) return std::move(listening).error();

  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->factory = std::move(factory);
  state->port = listening->port;
  for (unsigned i = 0; i < count; ++i) {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
    if (!loop) return std::move(loop).error();
    // The bound on requests in flight is divided, so that no thread touches another's counter for a
    // request.
    const std::size_t whole = state->options.max_requests_in_flight;
    const std::size_t share = whole / count + (i < whole % count ? 1 : 0);
    state->threads.push_back(
        std::make_unique<ServerThread>(state->options,
                                       ServerThread::Shares{.all_connections = state->connections,
                                                            .max_requests_in_flight = std::max<std::size_t>(share, 1)},
                                       *std::move(loop), std::move(listening->sockets[i]), tls));
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::Start() {
  for (const auto& thread : state_->threads) thread->Start(state_->factory);
}

std::uint16_t Server::port() const { return state_->port; }

Result<void> Server::ReloadTls() {
  Result<std::shared_ptr<TlsContext>> loaded = TlsContext::Load(state_->options.tls);
  if (!loaded) return std::move(loaded).error();
  for (const auto& thread : state_->threads) thread->UseTls(*loaded);
  return {};
}

void Server::Stop(std::chrono::milliseconds grace) {
  const env::SteadyTime deadline = std::chrono::steady_clock::now() + grace;
  for (const auto& thread : state_->threads) thread->BeginStop(deadline);
  env::MutexLock lock(state_->stop_mutex);
  for (const auto& thread : state_->threads) thread->Join();
}

ServerStats Server::stats() const {
  ServerStats stats;
  stats.connections = state_->connections.load(std::memory_order_relaxed);
  for (const auto& thread : state_->threads) {
    const ThreadCounters& counters = thread->counters();
    stats.requests_in_flight += counters.requests_in_flight.value();
    stats.accepted_connections += counters.accepted.value();
    stats.refused_connections += counters.refused.value();
  }
  return stats;
}

}  // namespace audit::http
