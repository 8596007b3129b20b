#include "http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace audit::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] bool is_v6() const { return storage.ss_family == AF_INET6; }
  // sin_port and sin6_port lie at the same place.
  [[nodiscard]] std::uint16_t port() const { return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port); }
};

bool Parse(const std::string& host, std::uint16_t port, Address& address) {
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
    return true;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

bool Enable(int socket, int level, int option, int value = 1) {
  return ::setsockopt(socket, level, option, &value, sizeof(value)) == 0;
}

}  // namespace

Result<ListenSockets> OpenListenSockets(const std::string& host, std::uint16_t port, unsigned count) {
  Address address;
  if (!Parse(host, port, address)) {
    return Error(ErrorCode::kInvalidArgument, "host " + host + " is not an IPv4 or IPv6 address");
  }
  ListenSockets result;
  result.port = port;
  const auto failure = [&] {
    return Error::FromErrno(errno, "listen on " + host + " port " + std::to_string(result.port));
  };
  for (unsigned i = 0; i < count; ++i) {
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return failure();
    const int s = socket.get();
    // TCP_NODELAY is inherited by what is accepted: no system call a connection.
    if (!Enable(s, SOL_SOCKET, SO_REUSEADDR) || !Enable(s, IPPROTO_TCP, TCP_NODELAY)) return failure();
    if (address.is_v6() && !Enable(s, IPPROTO_IPV6, IPV6_V6ONLY, 0)) return failure();
    // The first is bound without SO_REUSEPORT, which fails if anybody listens there, another
    // instance of this program included; only then does it let its siblings in.
    if (i != 0 && !Enable(s, SOL_SOCKET, SO_REUSEPORT)) return failure();
    if (::bind(s, address.get(), address.size) != 0) return failure();
    if (i == 0) {
      if (::getsockname(s, address.get(), &address.size) != 0) return failure();
      result.port = address.port();
      if (count > 1 && !Enable(s, SOL_SOCKET, SO_REUSEPORT)) return failure();
    }
    result.sockets.push_back(std::move(socket));
  }
  for (const Descriptor& socket : result.sockets) {
    if (::listen(socket.get(), SOMAXCONN) != 0) return failure();
  }
  return result;
}

namespace {

Descriptor OpenReserve() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Acceptor::Acceptor(Descriptor socket) : socket_(std::move(socket)), reserve_(OpenReserve()) {}

Acceptor::Outcome Acceptor::Accept(Descriptor& connection) {
  if (!reserve_.valid()) reserve_ = OpenReserve();
  Outcome outcome = Outcome::kAccepted;
  while (true) {
    const int accepted = ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      connection = Descriptor(accepted);
      return outcome;
    }
    switch (errno) {
      case EAGAIN: return Outcome::kNone;
      case EMFILE:
      case ENFILE:
        if (!reserve_.valid()) return Outcome::kFailed;
        reserve_.Close();
        outcome = Outcome::kAcceptedInReserve;
        break;
      case ENOBUFS:
      case ENOMEM: return Outcome::kFailed;
      default: break;  // the caller was gone before it was taken, or its network failed
    }
  }
}

}  // namespace audit::http
