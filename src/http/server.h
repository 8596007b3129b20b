// Sockets, connections, limits and time-outs: one event loop and one accepting socket
// (SO_REUSEPORT) a thread, nothing shared between them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "errors/result.h"
#include "http/handler.h"

namespace audit::http {

struct TlsOptions {
  std::string certificate_file;  // PEM chain; both empty: plain HTTP
  std::string key_file;
};

struct ServerOptions {
  std::string host = "0.0.0.0";  // an address, not a name
  std::uint16_t port = 8000;     // 0: any free one, see Server::port
  unsigned threads = 1;
  std::size_t max_header_bytes = 16U << 10;
  std::size_t max_body_bytes = 16U << 20;
  // Of the whole server:
  std::size_t max_connections = 10'000;
  std::size_t max_requests_in_flight = 10'000;
  // Requests that arrived in part and answers not taken yet; at least two of the largest requests.
  std::size_t max_buffered_bytes = 64U << 20;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  TlsOptions tls;
};

// A snapshot for metrics; any thread.
struct ServerStats {
  std::size_t connections = 0;
  std::size_t requests_in_flight = 0;
  std::uint64_t accepted_connections = 0;
  std::uint64_t refused_connections = 0;
};

class Server {
 public:
  // Binds and listens; serves after Start. An address in use or a bad certificate is an error that
  // names it.
  static Result<std::unique_ptr<Server>> Listen(ServerOptions options, HandlerFactory factory);
  ~Server();  // as Stop with no grace
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void Start();
  [[nodiscard]] std::uint16_t port() const;
  // Reads certificate and key again; new connections use them. On an error the old ones stay.
  Result<void> ReloadTls();
  // Closes the listeners and idle connections, lets requests in flight be answered for up to
  // `grace`, ends the threads.
  void Stop(std::chrono::milliseconds grace);
  // Calls `answered` once, when every I/O thread has come around to it or has ended: one that is stuck
  // keeps it from being called. Any thread; it runs on the last of them, or here when all have ended.
  void AskThreads(std::function<void()> answered);
  [[nodiscard]] ServerStats stats() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::http
