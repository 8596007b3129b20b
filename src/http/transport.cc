#include "http/transport.h"

#include <sys/socket.h>

#include <cerrno>

namespace audit::http {

IoResult Transport::Receive(std::span<char> space) { return tls_ != nullptr ? tls_->Receive(space) : Discard(space); }

IoResult Transport::Discard(std::span<char> space) {
  const ssize_t got = ::recv(socket_.get(), space.data(), space.size(), 0);
  if (got > 0) return {.status = IoStatus::kDone, .bytes = static_cast<std::size_t>(got)};
  if (got == 0) return {.status = IoStatus::kEnd};
  return {.status = errno == EAGAIN ? IoStatus::kWouldBlock : IoStatus::kFailed};
}

IoResult Transport::Send(std::string_view bytes) {
  if (tls_ != nullptr) return tls_->Send(bytes);
  const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (put >= 0) return {.status = IoStatus::kDone, .bytes = static_cast<std::size_t>(put)};
  return {.status = errno == EAGAIN ? IoStatus::kWouldBlock : IoStatus::kFailed};
}

void Transport::EndSending() {
  if (tls_ != nullptr) tls_->SayEnd();
  ::shutdown(socket_.get(), SHUT_WR);
}

void Transport::Close() {
  tls_.reset();
  socket_.Close();
}

}  // namespace audit::http
