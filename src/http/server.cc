#include "http/server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "env/mutex.h"
#include "http/file_limit.h"
#include "http/listener.h"
#include "http/server_thread.h"

namespace audit::http {

struct Server::State {
  State(ServerOptions server_options, HandlerFactory handler_factory, std::uint16_t bound_port)
      : options(std::move(server_options)),
        factory(std::move(handler_factory)),
        port(bound_port),
        // Room for two of the largest requests at least, or none could ever arrive.
        shared(std::max(options.max_buffered_bytes, 2 * (options.max_header_bytes + options.max_body_bytes))) {}

  const ServerOptions options;
  const HandlerFactory factory;
  const std::uint16_t port;
  ServerShared shared;
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

  auto state = std::make_unique<State>(std::move(options), std::move(factory), listening->port);
  for (unsigned i = 0; i < count; ++i) {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
    if (!loop) return std::move(loop).error();
    // The bound on requests in flight is divided, so that no request touches another thread's
    // counter.
    const std::size_t whole = state->options.max_requests_in_flight;
    const std::size_t share = std::max<std::size_t>(whole / count + (i < whole % count ? 1 : 0), 1);
    state->threads.push_back(std::make_unique<ServerThread>(state->options, state->shared, share, *std::move(loop),
                                                            std::move(listening->sockets[i]), tls));
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

void Server::AskThreads(std::function<void()> answered) {
  // Whoever lets go of it last has the answer of all. A loop that has ended drops its copy unrun, which is an
  // answer too: there is nothing left to be stuck. No copy stays here, so that a loop is the last while there is one.
  std::shared_ptr<void> question(nullptr, [answered = std::move(answered)](void*) { answered(); });
  for (const auto& thread : state_->threads) {
    const bool last = thread == state_->threads.back();
    thread->Post([copy = last ? std::move(question) : question] {});
  }
}

ServerStats Server::stats() const {
  ServerStats stats;
  stats.connections = state_->shared.connections.load(std::memory_order_relaxed);
  for (const auto& thread : state_->threads) {
    const ThreadCounters& counters = thread->counters();
    stats.requests_in_flight += counters.requests_in_flight.value();
    stats.accepted_connections += counters.accepted.value();
    stats.refused_connections += counters.refused.value();
  }
  return stats;
}

}  // namespace audit::http
