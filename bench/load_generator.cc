#include "load_generator.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "response_reader.h"

namespace audit::bench {
namespace {

constexpr std::chrono::seconds kLastAnswers{5};
constexpr std::size_t kReceiveBytes = 64U << 10;
constexpr std::size_t kIdBuffer = 1U << 20;

[[noreturn]] void ThrowErrno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

LoadGenerator::LoadGenerator(LoadOptions options, RequestTemplate& requests)
    : options_(options), requests_(requests), connections_(options.connections), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) ThrowErrno("epoll_create1");
}

LoadGenerator::~LoadGenerator() {
  for (Connection& connection : connections_) {
    if (connection.fd >= 0) close(connection.fd);
  }
  close(epoll_);
}

LoadCounts LoadGenerator::Run() {
  for (Connection& connection : connections_) Connect(connection);
  began_ = now_ = Clock::now();
  const Clock::time_point measure_from = now_ + options_.warm_up;
  const Clock::time_point stop_at = measure_from + options_.duration;
  Clock::time_point window_begin = now_;
  measuring_ = options_.warm_up.count() == 0;
  for (Connection& connection : connections_) SendNext(connection);

  std::array<epoll_event, 1024> ready;
  while (open_ > 0 && (sending_ || (outstanding_ > 0 && now_ < stop_at + kLastAnswers))) {
    const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), waiting_.empty() ? 10 : 1);
    if (count < 0 && errno != EINTR) ThrowErrno("epoll_wait");
    now_ = Clock::now();
    if (!measuring_ && sending_ && now_ >= measure_from) {
      measuring_ = true;
      window_begin = now_;
    }
    if (sending_ && (now_ >= stop_at || next_request_ >= options_.max_requests)) {
      sending_ = false;
      counts_.window = now_ - window_begin;
      measuring_ = false;
    }
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      Connection& connection = connections_[event.data.u64];
      if ((event.events & EPOLLOUT) != 0) SendRest(connection);
      if (connection.fd >= 0 && (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) Receive(connection);
    }
    while (!waiting_.empty() && Due()) {
      Connection& connection = *waiting_.front();
      waiting_.pop_front();
      if (connection.fd >= 0) Send(connection);
    }
  }
  if (sending_) counts_.window = Clock::now() - window_begin;
  counts_.unanswered = outstanding_;
  FlushIds();
  return counts_;
}

void LoadGenerator::Connect(Connection& connection) {
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) ThrowErrno("socket");
  if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&options_.server), sizeof options_.server) != 0) {
    ThrowErrno("connect");
  }
  const int on = 1;
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  ++open_;
}

void LoadGenerator::Watch(Connection& connection, int operation, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(&connection - connections_.data());
  if (epoll_ctl(epoll_, operation, connection.fd, &event) != 0) ThrowErrno("epoll_ctl");
}

bool LoadGenerator::Due() const {
  if (options_.requests_per_second == 0) return true;
  const std::chrono::duration<double> elapsed = now_ - began_;
  return static_cast<double>(next_request_) <= elapsed.count() * options_.requests_per_second;
}

void LoadGenerator::SendNext(Connection& connection) {
  if (Due()) return Send(connection);
  waiting_.push_back(&connection);
}

void LoadGenerator::Send(Connection& connection) {
  if (!sending_ || next_request_ >= options_.max_requests) return;
  connection.request = next_request_++;
  connection.sent_at = Clock::now();
  connection.outstanding = true;
  ++outstanding_;
  const std::string_view request = requests_.Fill(connection.request);
  const ssize_t sent = send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == static_cast<ssize_t>(request.size())) return;
  if (sent < 0 && errno != EAGAIN) return Close(connection);
  connection.unsent = request.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  Watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

void LoadGenerator::SendRest(Connection& connection) {
  std::string& rest = connection.unsent;
  const ssize_t sent = send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) return Close(connection);
  if (sent > 0) rest.erase(0, static_cast<std::size_t>(sent));
  if (rest.empty()) Watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

void LoadGenerator::Receive(Connection& connection) {
  static std::array<char, kReceiveBytes> buffer;
  const ssize_t count = recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return Close(connection);

  std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  if (!connection.received.empty()) bytes = connection.received.append(bytes);
  ResponseHead head;
  const HeadState state = ReadHead(bytes, &head);
  if (state == HeadState::kIncomplete || (state == HeadState::kComplete && bytes.size() < head.total_bytes)) {
    if (connection.received.empty()) connection.received = bytes;
    return;
  }
  // With one request outstanding nothing can follow its answer, and nothing can come unasked.
  if (state == HeadState::kMalformed || bytes.size() > head.total_bytes || !connection.outstanding) {
    ++counts_.malformed;
    return Close(connection);
  }
  connection.received.clear();
  OnAnswer(connection, head.status);
  if (head.close) return Close(connection);
  SendNext(connection);
}

void LoadGenerator::OnAnswer(Connection& connection, int status) {
  ++counts_.by_status[status];
  connection.outstanding = false;
  --outstanding_;
  if (status != 202) return;
  if (measuring_) {
    ++counts_.accepted_in_window;
    counts_.latencies.Add(Clock::now() - connection.sent_at);
  }
  if (options_.ids_out == nullptr) return;
  requests_.AppendIds(connection.request, &ids_);
  if (ids_.size() >= kIdBuffer) FlushIds();
}

void LoadGenerator::Close(Connection& connection) {
  if (connection.outstanding) {
    ++counts_.broken;
    --outstanding_;
  }
  connection.outstanding = false;
  close(connection.fd);
  connection.fd = -1;
  --open_;
}

void LoadGenerator::FlushIds() {
  if (options_.ids_out == nullptr) return;
  if (std::fwrite(ids_.data(), 1, ids_.size(), options_.ids_out) != ids_.size() || std::fflush(options_.ids_out) != 0) {
    ThrowErrno("write the ids");
  }
  ids_.clear();
}

}  // namespace audit::bench
