// The least that could do the job, as the reference for the service: one thread, HTTP parsed by hand, the
// same event checks, one write and one fdatasync for all requests of a round, then their 202s.
// It knows one request shape, has no limits and no time-outs, and keeps no promise but this one.
//
// epoll_sketch PORT FOLDER
#include <isa-l/crc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "event/parser.h"
#include "prewritten_file.h"

namespace audit::bench {
namespace {

constexpr std::uint64_t kFileBytes = 256ULL << 20;
constexpr std::size_t kBodyLimit = 16U << 20;
constexpr std::int64_t kDayMicros = 86'400 * time::kMicrosPerSecond;
constexpr std::int64_t kRetentionMicros = kDayMicros * 84 * 31;

[[noreturn]] void ThrowErrno(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct Connection {
  std::string bytes;  // received and not yet dealt with
};

class Sketch {
 public:
  Sketch(std::uint16_t port, const std::string& folder)
      : file_(folder, "epoll-sketch", kFileBytes), parser_(event::Limits{}, std::mt19937_64(std::random_device()())) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ThrowErrno("bind");
    if (listen(listener_, 4096) != 0) ThrowErrno("listen");
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    Watch(listener_);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 1024> ready;
    for (;;) {
      const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
      if (count < 0 && errno != EINTR) ThrowErrno("epoll_wait");
      for (int i = 0; i < count; ++i) {
        const int fd = ready[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? Accept() : Receive(fd);
      }
      if (waiting_.empty()) continue;
      file_.AppendAndSync(round_);
      for (const Waiting& waiting : waiting_) Answer(waiting.fd, "202 Accepted", waiting.response);
      waiting_.clear();
      round_.clear();
    }
  }

 private:
  struct Waiting {
    int fd;
    std::string response;
  };

  void Watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) ThrowErrno("epoll_ctl");
  }

  void Accept() {
    int fd = -1;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Watch(fd);
      connections_[fd];
    }
  }

  void Receive(int fd) {
    static std::array<char, 64U << 10> buffer;
    const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    Connection& connection = connections_[fd];
    connection.bytes.append(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count <= 0 || !Take(fd, connection)) {
      connections_.erase(fd);
      close(fd);
    }
  }

  // False: this is no request it understands.
  bool Take(int fd, Connection& connection) {
    std::string& bytes = connection.bytes;
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string::npos) return true;
    const char* length_at = strcasestr(bytes.c_str(), "\r\nContent-Length:");
    if (!bytes.starts_with("POST ") || length_at == nullptr) return false;
    const std::size_t length = std::strtoul(length_at + 17, nullptr, 10);
    if (length > kBodyLimit) return false;
    const std::size_t total = head_end + 4 + length;
    if (bytes.size() < total) return true;
    bytes.reserve(total + event::kPadding);

    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const event::TimeWindow window{{now}, {now - kRetentionMicros}, {now + kDayMicros}};
    const bool batch = bytes.starts_with("POST /v1/auditmanager/events/batch ");
    if (parser_.Admit(batch ? event::Parser::Shape::kEventsObject : event::Parser::Shape::kEvent,
                      std::string_view(bytes).substr(head_end + 4, length), window)) {
      std::string body = R"({"id":"openg2p.auditmanager","version":"1.0","responsetime":"2026-04-23T10:00:00.000Z",)"
                         R"("response":{"accepted":)";
      body += batch ? "[" : "";
      for (const event::Admitted& admitted : parser_.admitted()) {
        Append(admitted.json);
        if (batch && &admitted != parser_.admitted().data()) body += ',';
        body.append("\"").append(admitted.id).append("\"");
      }
      if (batch) body.append("],\"count\":").append(std::to_string(parser_.admitted().size()));
      waiting_.push_back({fd, body + R"(},"errors":[]})"});
    } else {
      Answer(fd, "422 Unprocessable Entity", "{}");
    }
    bytes.erase(0, total);
    return true;
  }

  void Append(std::string_view payload) {
    std::array<std::uint32_t, 2> head{static_cast<std::uint32_t>(payload.size()), 0};
    const std::size_t at = round_.size();
    round_.append(sizeof head, '\0').append(payload);
    head[1] = crc32_iscsi(reinterpret_cast<unsigned char*>(round_.data() + at + sizeof head),
                          static_cast<int>(payload.size()), 0xFFFFFFFFU);
    std::memcpy(round_.data() + at, head.data(), sizeof head);
  }

  static void Answer(int fd, std::string_view status, std::string_view body) {
    std::string response = "HTTP/1.1 ";
    response.append(status).append("\r\nContent-Type: application/json\r\nContent-Length: ");
    response.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    // A client with one request outstanding always has room for one answer.
    if (send(fd, response.data(), response.size(), MSG_NOSIGNAL) < 0) shutdown(fd, SHUT_RDWR);
  }

  PrewrittenFile file_;
  event::Parser parser_;
  int listener_ = -1;
  int epoll_ = -1;
  std::unordered_map<int, Connection> connections_;
  std::vector<Waiting> waiting_;
  std::string round_;
};

}  // namespace
}  // namespace audit::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: epoll_sketch PORT FOLDER\n");
    return 2;
  }
  try {
    audit::bench::Sketch(static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10)), argv[2]).Run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "epoll_sketch: %s\n", error.what());
    return 1;
  }
}
