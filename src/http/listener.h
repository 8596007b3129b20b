// Sockets that listen, and taking connections from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "errors/result.h"
#include "http/descriptor.h"

namespace audit::http {

struct ListenSockets {
  std::vector<Descriptor> sockets;  // one a thread; the kernel spreads connections over them
  std::uint16_t port = 0;
};

// `host` is an address. An address that another process listens on is an error, although the sockets
// of one call share theirs.
Result<ListenSockets> OpenListenSockets(const std::string& host, std::uint16_t port, unsigned count);

// Takes connections from one listening socket. Keeps a descriptor in reserve: when the process has
// run out of them, callers are still taken, told and closed instead of waiting in the backlog.
class Acceptor {
 public:
  enum class Outcome : std::uint8_t {
    kAccepted,
    kAcceptedInReserve,  // must be closed before the next call
    kNone,               // nobody waits
    kFailed,             // try again later: out of descriptors or memory
  };

  explicit Acceptor(Descriptor socket);
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  Outcome Accept(Descriptor& connection);
  void Close() { socket_.Close(); }

 private:
  Descriptor socket_;
  Descriptor reserve_;
};

}  // namespace audit::http
