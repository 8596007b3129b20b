// A service on a free port of the loopback interface that answers what a test tells it to, in
// whatever broken way it asks for. For tests only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "env/mutex.h"

namespace audit::client {

class ScriptedServer {
 public:
  struct Request {
    std::string head;  // request line and headers
    std::string body;
    std::size_t connection = 0;  // the how-manieth connection it came on, from 0
    std::size_t number = 0;      // of the request, over all connections, from 0
  };
  struct Reply {
    std::string bytes;   // as they go out; empty: none
    bool close = false;  // end the connection after them
    bool hang = false;   // then say nothing more until the client or the test ends
  };
  // Called on the connection's thread.
  using Script = std::function<Reply(const Request&)>;

  // A complete response with Content-Length; `headers` are whole lines ("Retry-After: 1\r\n").
  static Reply Answer(int status, const std::string& body, const std::string& headers = {});

  enum class Transport : std::uint8_t { kPlain, kTls };
  // With TLS it has a new certificate, signed by itself, for 127.0.0.1
  // and no name.
  explicit ScriptedServer(Script script, Transport transport = Transport::kPlain);
  ~ScriptedServer();  // ends all connections
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string certificate_pem() const;
  [[nodiscard]] std::vector<Request> requests() const;
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  struct Tls;
  void AcceptAll();
  void Serve(int socket, std::size_t connection);

  const Script script_;
  std::unique_ptr<Tls> tls_;  // null: plain
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};

  mutable env::Mutex mutex_;
  std::vector<Request> requests_ GUARDED_BY(mutex_);
  std::vector<int> sockets_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;

  std::vector<std::thread> serving_;  // of the accepting thread, until it has ended
  std::thread accepting_;
};

}  // namespace audit::client
