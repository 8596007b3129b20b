// For tests: a blocking client that sends exactly the bytes it is given.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "http/descriptor.h"

namespace audit::http {

struct RawResponse {
  int status = 0;
  std::string head;  // status line and headers
  std::string body;

  [[nodiscard]] bool Has(std::string_view header_line) const {
    return head.find("\r\n" + std::string(header_line) + "\r\n") != std::string::npos;
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : RawClient() { Connect(port); }
  // Without Connect yet. `receive_buffer`: bytes that the system keeps unread; 0: its own choice.
  explicit RawClient(int receive_buffer = 0) {
    if (receive_buffer != 0) Set(SO_RCVBUF, receive_buffer);
    const timeval patience{.tv_sec = 60, .tv_usec = 0};  // a test that waits in vain fails instead of hanging
    Set(SO_RCVTIMEO, patience);
    Set(SO_SNDTIMEO, patience);
  }

  bool Connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  [[nodiscard]] int descriptor() const { return socket_.get(); }

  // False once the other side has closed.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  void EndSending() { ::shutdown(socket_.get(), SHUT_WR); }
  void Reset() {  // the other side's connection breaks
    Set(SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    socket_.Close();
  }

  // Reads until `received` holds so many bytes; false at the end of the connection.
  bool Fill(std::size_t size) {
    while (received_.size() < size) {
      if (!Receive()) return false;
    }
    return true;
  }

  // The next response, 1xx included; nothing at the end of the connection. `to_head`: has no body.
  std::optional<RawResponse> Read(bool to_head = false) {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!Receive()) return std::nullopt;
    }
    RawResponse response;
    response.head = received_.substr(0, end + 2);
    response.status = std::atoi(response.head.c_str() + sizeof("HTTP/1.1"));
    received_.erase(0, end + 4);
    const std::string_view label = "\r\nContent-Length: ";
    const std::size_t at = response.head.find(label);
    if (at == std::string::npos || to_head) return response;
    const auto length = static_cast<std::size_t>(std::atoll(response.head.c_str() + at + label.size()));
    if (!Fill(length)) return std::nullopt;
    response.body = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

  // True when the other side ends the connection, in order and without a further byte.
  bool AtEnd() { return received_.empty() && !Receive() && !failed_; }

 private:
  template <class Value>
  void Set(int option, const Value& value) {
    ::setsockopt(socket_.get(), SOL_SOCKET, option, &value, sizeof(value));
  }

  bool Receive() {
    std::array<char, 65536> buffer;
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    failed_ = got < 0;
    if (got <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }

  Descriptor socket_{::socket(AF_INET, SOCK_STREAM, 0)};
  std::string received_;
  bool failed_ = false;
};

}  // namespace audit::http
