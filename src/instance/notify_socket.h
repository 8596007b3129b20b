// For tests: the socket of a supervisor, and what it was told.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace audit::instance {

class NotifySocket {
 public:
  // A path, or '@' and a name in the abstract namespace.
  explicit NotifySocket(std::string name) : name_(std::move(name)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name_, address.sun_path);
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0) << name_;
    const timeval patience{.tv_sec = 60, .tv_usec = 0};  // a test that waits in vain fails instead of hanging
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~NotifySocket() {
    close(socket_);
    if (name_.front() != '@') unlink(name_.c_str());
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // For NOTIFY_SOCKET.
  [[nodiscard]] const std::string& name() const { return name_; }

  // The next message; empty when none comes.
  [[nodiscard]] std::string Next() const { return Receive(0); }
  // The same without waiting.
  [[nodiscard]] std::string NextNow() const { return Receive(MSG_DONTWAIT); }

 private:
  [[nodiscard]] std::string Receive(int flags) const {
    std::array<char, 4'096> message{};
    const ssize_t size = recv(socket_, message.data(), message.size(), flags);
    return {message.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  const std::string name_;
  const int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace audit::instance
