// The connections of one thread, and what they share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/connection.h"
#include "http/event_loop.h"
#include "http/handler.h"
#include "http/memory_budget.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/server.h"

namespace audit::http {

// Owns the connections. Whatever is closed within a round lives to its end, because an event
// reported in the same round may still name it.
class ConnectionSet {
 public:
  ConnectionSet() = default;
  ~ConnectionSet();
  ConnectionSet(const ConnectionSet&) = delete;
  ConnectionSet& operator=(const ConnectionSet&) = delete;

  [[nodiscard]] bool empty() const { return open_.empty(); }
  [[nodiscard]] std::size_t size() const { return open_.size(); }

  Connection& Add(std::unique_ptr<Connection> connection);
  void Remove(Connection& connection);  // by itself, on closing

  // Calls connection.Run() in the next round.
  void RunLater(Connection& connection);
  [[nodiscard]] bool has_runnable() const { return !runnable_.empty(); }
  void RunDue();

  void Sweep();
  void CloseIdle();
  void CloseAll();
  void ReleaseClosed();

 private:
  template <class Action>
  void ForEach(Action action);

  std::vector<std::unique_ptr<Connection>> open_;
  std::vector<std::unique_ptr<Connection>> closed_;
  std::vector<Connection*> runnable_;
  std::vector<Connection*> running_;
};

// Written by the I/O thread, read by any.
class ThreadCounter {
 public:
  void Add(std::uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void Subtract(std::uint64_t amount) { Add(~amount + 1); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct ThreadCounters {
  ThreadCounter requests_in_flight;
  ThreadCounter accepted;
  ThreadCounter refused;
};

inline constexpr std::size_t kReceiveBytes = 64U << 10;

// What the threads of a server share.
struct ServerShared {
  explicit ServerShared(std::size_t buffer_bytes) : buffers(buffer_bytes) {}

  std::atomic<std::size_t> connections{0};  // open ones
  MemoryBudget buffers;
};

struct ConnectionShared {
  ConnectionShared(const ServerOptions& server_options, ServerShared& server_shared, EventLoop& event_loop,
                   std::size_t in_flight_limit);

  const ServerOptions& options;
  ServerShared& server;
  EventLoop& loop;
  const std::size_t max_requests_in_flight;  // of this thread
  Handler* handler = nullptr;
  ConnectionSet set;
  ParserShared parser;
  ThreadCounters counters;
  // Whatever is received lands here first; only what does not make up whole requests is copied to
  // a buffer of the connection.
  std::unique_ptr<char[]> received;
  HttpDate date;
  std::string block;  // the answer being sent
  bool stopping = false;
};

}  // namespace audit::http
