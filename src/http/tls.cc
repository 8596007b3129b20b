#include "http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>
#include <utility>

namespace audit::http {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { ::SSL_free(session); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, FreeContext>;
using SessionPointer = std::unique_ptr<SSL, FreeSession>;

class OpenSslSession final : public TlsSession {
 public:
  explicit OpenSslSession(SessionPointer session) : session_(std::move(session)) {}

  IoStatus Handshake() override {
    ::ERR_clear_error();
    return Outcome(::SSL_accept(session_.get())).status;
  }

  IoResult Receive(std::span<char> space) override {
    ::ERR_clear_error();
    std::size_t got = 0;
    IoResult result = Outcome(::SSL_read_ex(session_.get(), space.data(), space.size(), &got));
    result.bytes = got;
    return result;
  }

  IoResult Send(std::string_view bytes) override {
    IoResult total;
    while (!bytes.empty()) {
      ::ERR_clear_error();
      std::size_t put = 0;
      const IoResult result = Outcome(::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &put));
      if (result.status != IoStatus::kDone) {
        if (result.status != IoStatus::kWouldBlock) total.status = IoStatus::kFailed;
        break;
      }
      total.bytes += put;
      bytes.remove_prefix(put);
    }
    return total;
  }

  void SayEnd() override {
    ::ERR_clear_error();
    ::SSL_shutdown(session_.get());  // what it cannot send now, it need not
  }

 private:
  IoResult Outcome(int returned) {
    if (returned == 1) return {};
    switch (::SSL_get_error(session_.get(), returned)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return {.status = IoStatus::kWouldBlock};
      case SSL_ERROR_ZERO_RETURN: return {.status = IoStatus::kEnd};
      default: return {.status = IoStatus::kFailed};
    }
  }

  SessionPointer session_;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(ContextPointer context) : context_(std::move(context)) {}

  std::unique_ptr<TlsSession> NewSession(int descriptor) override {
    SessionPointer session(::SSL_new(context_.get()));
    if (session == nullptr || ::SSL_set_fd(session.get(), descriptor) != 1) return nullptr;
    return std::make_unique<OpenSslSession>(std::move(session));
  }

 private:
  ContextPointer context_;
};

Error Failure(const std::string& what) {
  const char* const reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  ::ERR_clear_error();
  return {ErrorCode::kInvalidArgument, what + ": " + (reason != nullptr ? reason : "refused by OpenSSL")};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::Load(const TlsOptions& options) {
  ::ERR_clear_error();
  ContextPointer context(::SSL_CTX_new(::TLS_server_method()));
  if (context == nullptr) return Failure("TLS");
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // A body ends where HTTP says so, hence an end without close_notify can cut nothing off unseen.
  ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle session keeps no buffers; what could not be sent comes again from another place.
  ::SSL_CTX_set_mode(context.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (::SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) != 1) {
    return Failure("certificate " + options.certificate_file);
  }
  if (::SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Failure("key " + options.key_file);
  }
  if (::SSL_CTX_check_private_key(context.get()) != 1) {
    return Failure("key " + options.key_file + " does not belong to certificate " + options.certificate_file);
  }
  return std::shared_ptr<TlsContext>(std::make_shared<OpenSslContext>(std::move(context)));
}

}  // namespace audit::http
