// TLS for server connections by OpenSSL, which only tls.cc includes.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "errors/result.h"
#include "http/io_result.h"
#include "http/server.h"

namespace audit::http {

// One connection's. Used on its thread only; the descriptor stays the caller's.
class TlsSession {
 public:
  virtual ~TlsSession() = default;
  // kDone once; until then call again at each readiness.
  virtual IoStatus Handshake() = 0;
  virtual IoResult Receive(std::span<char> space) = 0;
  virtual IoResult Send(std::string_view bytes) = 0;
  // Tells the other side that nothing more comes.
  virtual void SayEnd() = 0;
};

// Certificate and key, and what the sessions made from them share. Any thread.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  static Result<std::shared_ptr<TlsContext>> Load(const TlsOptions& options);
  // Null when there is no memory for it.
  [[nodiscard]] virtual std::unique_ptr<TlsSession> NewSession(int descriptor) = 0;
};

}  // namespace audit::http
