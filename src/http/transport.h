// The bytes of one connection: plain TCP, or TLS over it. Owns the descriptor; never blocks.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "http/descriptor.h"
#include "http/io_result.h"
#include "http/tls.h"

namespace audit::http {

class Transport {
 public:
  Transport(Descriptor socket, std::unique_ptr<TlsSession> tls) : socket_(std::move(socket)), tls_(std::move(tls)) {}

  [[nodiscard]] int descriptor() const { return socket_.get(); }
  // TLS holds decrypted bytes back, and may have to write in order to read: any readiness may mean
  // progress in either direction, and only kWouldBlock that there is nothing left.
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }

  IoStatus Handshake() { return tls_ != nullptr ? tls_->Handshake() : IoStatus::kDone; }
  IoResult Receive(std::span<char> space);
  // Sends as much as there is room for; kDone with fewer bytes than given means there is no more.
  IoResult Send(std::string_view bytes);
  // Reads what is left without decrypting it; nobody will look at it.
  IoResult Discard(std::span<char> space);
  // Nothing more will be sent.
  void EndSending();
  void Close();

 private:
  Descriptor socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace audit::http
