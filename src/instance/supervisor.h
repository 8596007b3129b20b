// Tells whoever started the process how it is getting on, in systemd's notify protocol: one datagram a
// message to the socket that $NOTIFY_SOCKET names. systemd's manual, sd_notify(3), is the reference.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace audit::instance {

struct SocketAddress {
  sockaddr_un name{};
  socklen_t length = 0;
};

class Supervisor {
 public:
  // Without NOTIFY_SOCKET, as when a person starts it, all calls below do nothing. One that cannot be
  // used is logged, and the service runs without.
  explicit Supervisor(const config::Environment& environment);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Any thread may call any of these. A message that cannot be delivered is logged and dropped.
  void Ready() const;      // events are accepted
  void Reloading() const;  // Ready ends it
  // The end begins, and it is no failure if it takes as long as that.
  void Stopping(std::chrono::microseconds may_take) const;
  // Does not wait: an event loop may call it.
  void Alive() const;

  // How often the supervisor wants to hear Alive, twice in the time after which it takes the process for
  // stuck; nothing: never.
  [[nodiscard]] std::optional<std::chrono::microseconds> alive_interval() const { return alive_interval_; }

 private:
  void Tell(std::string_view message, int flags) const;

  const std::string name_;  // of the supervisor's socket, as the environment has it
  SocketAddress address_;
  int socket_ = -1;  // -1: there is nobody to tell
  std::optional<std::chrono::microseconds> alive_interval_;
};

}  // namespace audit::instance
