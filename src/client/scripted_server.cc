#include "client/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>

namespace audit::client {
namespace {

// A test that cannot even set up its server has nothing to say.
void Must(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::abort();
}

// Bytes over one connection, plain or TLS.
struct Channel {
  int socket;
  SSL* tls;

  [[nodiscard]] long Read(char* into, std::size_t size) const {
    return tls != nullptr ? SSL_read(tls, into, static_cast<int>(size)) : recv(socket, into, size, 0);
  }
  [[nodiscard]] bool Write(const std::string& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      const long wrote = tls != nullptr ? SSL_write(tls, bytes.data() + at, static_cast<int>(bytes.size() - at))
                                        : send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (wrote <= 0) return false;
      at += static_cast<std::size_t>(wrote);
    }
    return true;
  }
};

std::size_t ContentLength(const std::string& head) {
  const std::size_t at = head.find("Content-Length: ");
  std::size_t length = 0;
  if (at != std::string::npos) std::from_chars(head.data() + at + 16, head.data() + head.size(), length);
  return length;
}

// Takes one request off `pending`, reading more as needed. False: the client is gone.
bool ReadRequest(const Channel& channel, std::string* pending, ScriptedServer::Request* request) {
  char buffer[16 << 10];
  for (;;) {
    const std::size_t end = pending->find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t length = ContentLength(pending->substr(0, end));
      if (pending->size() >= end + 4 + length) {
        request->head = pending->substr(0, end);
        request->body = pending->substr(end + 4, length);
        pending->erase(0, end + 4 + length);
        return true;
      }
    }
    const long got = channel.Read(buffer, sizeof buffer);
    if (got <= 0) return false;
    pending->append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

struct ScriptedServer::Tls {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};

  Tls() {
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("scripted server"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate.get(), names, -1);
    X509_EXTENSION_free(names);
    Must(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "sign");
    Must(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1, "certificate");
    Must(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "key");
  }
};

ScriptedServer::Reply ScriptedServer::Answer(int status, const std::string& body, const std::string& headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\nContent-Type: application/json\r\n" + headers +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

ScriptedServer::ScriptedServer(Script script, Transport transport) : script_(std::move(script)) {
  if (transport == Transport::kTls) {
    std::signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
    tls_ = std::make_unique<Tls>();
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Must(listener_ >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  Must(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  Must(listen(listener_, 64) == 0, "listen");
  Must(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { AcceptAll(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const env::MutexLock lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : serving_) thread.join();
  const env::MutexLock lock(mutex_);
  for (const int socket : sockets_) close(socket);
  close(listener_);
}

std::string ScriptedServer::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::string ScriptedServer::certificate_pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), BIO_free};
  PEM_write_bio_X509(out.get(), tls_->certificate.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::vector<ScriptedServer::Request> ScriptedServer::requests() const {
  const env::MutexLock lock(mutex_);
  return requests_;
}

void ScriptedServer::AcceptAll() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const env::MutexLock lock(mutex_);
    sockets_.push_back(socket);
    if (stopping_) return;
    serving_.emplace_back([this, socket, connection = connections_++] { Serve(socket, connection); });
  }
}

void ScriptedServer::Serve(int socket, std::size_t connection) {
  std::unique_ptr<SSL, decltype(&SSL_free)> tls{tls_ ? SSL_new(tls_->context.get()) : nullptr, SSL_free};
  if (tls) {
    SSL_set_fd(tls.get(), socket);
    if (SSL_accept(tls.get()) != 1) return void(shutdown(socket, SHUT_RDWR));
  }
  const Channel channel{socket, tls.get()};
  std::string pending;
  Request request;
  while (ReadRequest(channel, &pending, &request)) {
    request.connection = connection;
    {
      const env::MutexLock lock(mutex_);
      request.number = requests_.size();
      requests_.push_back(request);
    }
    const Reply reply = script_(request);
    if (!channel.Write(reply.bytes)) break;
    char ignored = 0;
    while (reply.hang && channel.Read(&ignored, 1) > 0) {
    }
    if (reply.close) break;
  }
  shutdown(socket, SHUT_RDWR);
}

}  // namespace audit::client
