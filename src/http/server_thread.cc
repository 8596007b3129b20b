#include "http/server_thread.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace audit::http {
namespace {

// A time-out is late by up to one sweep.
constexpr std::chrono::milliseconds kSweepInterval{250};
constexpr std::chrono::milliseconds kShortestSweepInterval{5};
// Callers in the backlog that are taken at once, so that those already here are not held up.
constexpr int kAcceptsPerRound = 64;
// Callers over the bound that are given time to read that they are; more are just closed.
constexpr std::size_t kLingeringOverBound = 256;

std::chrono::milliseconds SweepInterval(const ServerOptions& options) {
  const auto shortest = std::min({options.header_timeout, options.body_timeout, options.idle_timeout});
  return std::clamp(shortest / 4, kShortestSweepInterval, kSweepInterval);
}

// Signals are the main thread's, and a broken TLS connection must not raise SIGPIPE.
void BlockSignals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

ServerThread::ServerThread(const ServerOptions& options, ServerShared& server, std::size_t max_requests_in_flight,
                           std::unique_ptr<EventLoop> loop, Descriptor socket, std::shared_ptr<TlsContext> tls)
    : options_(options),
      sweep_interval_(SweepInterval(options)),
      loop_(std::move(loop)),
      acceptor_(std::move(socket)),
      tls_(std::move(tls)),
      shared_(options, server, *loop_, max_requests_in_flight),
      next_sweep_(loop_->now()) {}

ServerThread::~ServerThread() { Join(); }

void ServerThread::Start(const HandlerFactory& factory) {
  handler_ = factory(*loop_);
  shared_.handler = handler_.get();
  thread_ = std::thread([this] { Run(); });
}

void ServerThread::BeginStop(env::SteadyTime deadline) {
  loop_->Post([this, deadline] {
    stop_deadline_ = std::min(stop_deadline_, deadline);
    if (!shared_.stopping) StopAccepting();
  });
}

void ServerThread::Join() {
  if (thread_.joinable()) thread_.join();
}

void ServerThread::UseTls(std::shared_ptr<TlsContext> tls) {
  const env::MutexLock lock(tls_mutex_);
  tls_ = std::move(tls);
}

std::shared_ptr<TlsContext> ServerThread::CurrentTls() {
  const env::MutexLock lock(tls_mutex_);
  return tls_;
}

void ServerThread::Run() {
  BlockSignals();
  ::pthread_setname_np(::pthread_self(), "http");  // for tools that list threads
  if (!loop_->Watch(acceptor_.descriptor(), *this, EventLoop::Trigger::kLevel)) accepting_paused_ = true;
  while (!shared_.stopping || (!shared_.set.empty() && loop_->now() < stop_deadline_)) {
    loop_->RunRound(TimeToWait());
    shared_.set.RunDue();
    Sweep();
    handler_->OnRoundEnd();
    shared_.set.ReleaseClosed();
  }
  shared_.set.CloseAll();
  shared_.set.ReleaseClosed();
  loop_->Close();
  handler_.reset();  // may still drop exchanges; each takes its closed connection along
}

std::chrono::milliseconds ServerThread::TimeToWait() const {
  if (shared_.set.has_runnable()) return std::chrono::milliseconds::zero();
  if (shared_.set.empty() && !accepting_paused_) return std::chrono::milliseconds(-1);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(next_sweep_, stop_deadline_) - loop_->now());
  return std::max(left, std::chrono::milliseconds::zero());
}

void ServerThread::Sweep() {
  if (loop_->now() < next_sweep_) return;
  next_sweep_ = loop_->now() + sweep_interval_;
  shared_.set.Sweep();
  if (accepting_paused_ && !shared_.stopping) {
    accepting_paused_ = !loop_->Watch(acceptor_.descriptor(), *this, EventLoop::Trigger::kLevel);
  }
}

void ServerThread::OnReady(Readiness) {
  for (int i = 0; i < kAcceptsPerRound && AcceptOne(); ++i) {
  }
}

// False when there is nobody more to take now.
bool ServerThread::AcceptOne() {
  Descriptor socket;
  const Acceptor::Outcome outcome = acceptor_.Accept(socket);
  if (outcome == Acceptor::Outcome::kNone) return false;
  if (outcome == Acceptor::Outcome::kFailed) {
    loop_->Unwatch(acceptor_.descriptor());
    accepting_paused_ = true;
    return false;
  }
  const bool in_reserve = outcome == Acceptor::Outcome::kAcceptedInReserve;
  const bool full =
      in_reserve || shared_.server.connections.load(std::memory_order_relaxed) >= options_.max_connections;
  (full ? shared_.counters.refused : shared_.counters.accepted).Add(1);
  const std::shared_ptr<TlsContext> tls = CurrentTls();
  std::unique_ptr<TlsSession> session = tls != nullptr && !full ? tls->NewSession(socket.get()) : nullptr;
  if (tls != nullptr && session == nullptr) return true;  // nothing can be said before the handshake

  Connection& connection = shared_.set.Add(
      std::make_unique<Connection>(shared_, Transport(std::move(socket), std::move(session)),
                                   full ? Connection::Admission::kOverBound : Connection::Admission::kCounted));
  if (full) connection.Refuse(Fault::kOverloaded);
  if (connection.closed()) return true;
  const bool too_many = full && shared_.set.size() > options_.max_connections + kLingeringOverBound;
  if (in_reserve || too_many || !loop_->Watch(connection.descriptor(), connection, EventLoop::Trigger::kEdge)) {
    connection.Close();
  }
  return true;
}

// Whoever is in the backlog has been told by the kernel that it is connected, so it is taken first.
void ServerThread::StopAccepting() {
  while (AcceptOne()) {
  }
  acceptor_.Close();
  shared_.stopping = true;
  shared_.set.CloseIdle();
}

}  // namespace audit::http
