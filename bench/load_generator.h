// Keeps one request outstanding on each of many connections and counts every answer exactly.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "latency_histogram.h"
#include "request_template.h"

namespace audit::bench {

struct LoadOptions {
  sockaddr_in server{};
  std::size_t connections = 64;
  std::chrono::nanoseconds warm_up{0};  // counted, but not in rate and latencies
  std::chrono::nanoseconds duration{std::chrono::seconds(5)};
  std::uint64_t max_requests = UINT64_MAX;
  double requests_per_second = 0;  // at most, in all; 0: as fast as the answers come
  std::FILE* ids_out = nullptr;    // gets the id of every event that was answered with 202
};

struct LoadCounts {
  std::map<int, std::uint64_t> by_status;  // answers, warm-up and the wait for the last ones included
  std::uint64_t malformed = 0;             // what came is not an HTTP answer
  std::uint64_t broken = 0;                // connections that ended with a request outstanding
  std::uint64_t unanswered = 0;            // requests outstanding when the run ended
  std::uint64_t accepted_in_window = 0;    // requests answered 202 in `window`
  std::chrono::nanoseconds window{0};
  LatencyHistogram latencies;  // of those
};

// One thread, one run.
class LoadGenerator {
 public:
  LoadGenerator(LoadOptions options, RequestTemplate& requests);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Connects, loads for the time given, waits a few seconds for the last answers. It ends early when
  // no connection is left: a connection that breaks is counted and not made again. Throws
  // std::system_error where not even connecting works.
  LoadCounts Run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    int fd = -1;
    bool outstanding = false;
    std::uint64_t request = 0;
    Clock::time_point sent_at;
    std::string unsent;    // rest of a request that the socket did not take at once
    std::string received;  // begin of an answer that came in pieces
  };

  void Connect(Connection& connection);
  [[nodiscard]] bool Due() const;
  // At once, or as soon as it is due.
  void SendNext(Connection& connection);
  void Send(Connection& connection);
  void SendRest(Connection& connection);
  void Receive(Connection& connection);
  void OnAnswer(Connection& connection, int status);
  void Close(Connection& connection);
  void Watch(Connection& connection, int operation, std::uint32_t events) const;
  void FlushIds();

  LoadOptions options_;
  RequestTemplate& requests_;
  std::vector<Connection> connections_;
  int epoll_ = -1;
  std::deque<Connection*> waiting_;  // for their next request to be due
  std::size_t open_ = 0;
  std::size_t outstanding_ = 0;
  std::uint64_t next_request_ = 0;
  bool sending_ = true;  // false: only waiting for the last answers
  bool measuring_ = false;
  Clock::time_point began_;
  Clock::time_point now_;
  std::string ids_;
  LoadCounts counts_;
};

}  // namespace audit::bench
