#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "http/raw_client.h"
#include "http/server.h"
#include "http/test_server.h"

namespace audit::http {
namespace {

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<::EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<::X509_free>>;
using ClientContext = std::unique_ptr<SSL_CTX, Freed<::SSL_CTX_free>>;
using ClientSession = std::unique_ptr<SSL, Freed<::SSL_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

// A key and a certificate for `name` signed by it.
void WriteCertificate(const TlsOptions& files, const std::string& name) {
  const Key key(::EVP_EC_gen("P-256"));
  const Certificate certificate(::X509_new());
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), 0);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), 3600);
  ::X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = ::X509_get_subject_name(certificate.get());
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
  ::X509_set_issuer_name(certificate.get(), subject);
  ASSERT_GT(::X509_sign(certificate.get(), key.get(), ::EVP_sha256()), 0);
  const File certificate_file(std::fopen(files.certificate_file.c_str(), "w"));
  ASSERT_EQ(::PEM_write_X509(certificate_file.get(), certificate.get()), 1);
  const File key_file(std::fopen(files.key_file.c_str(), "w"));
  ASSERT_EQ(::PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int latest_version = 0) : socket_(port) {
    ::SSL_CTX_set_max_proto_version(context_.get(), latest_version);
    ::SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    ::SSL_CTX_set_security_level(context_.get(), 0);
    session_.reset(::SSL_new(context_.get()));
    ::SSL_set_fd(session_.get(), socket_.descriptor());
    connected_ = ::SSL_connect(session_.get()) == 1;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::string ServerName() const {
    const Certificate certificate(::SSL_get1_peer_certificate(session_.get()));
    std::array<char, 64> name{};
    ::X509_NAME_get_text_by_NID(::X509_get_subject_name(certificate.get()), NID_commonName, name.data(), name.size());
    return name.data();
  }
  bool Send(std::string_view bytes) {
    return ::SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  // Everything until `size` bytes are there or the other side ends.
  std::string Read(std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const int got = ::SSL_read(session_.get(), text.data() + have, static_cast<int>(size - have));
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    text.resize(have);
    return text;
  }
  // The body of the answer to PostOf(body) is `body` again.
  bool Echoes(const std::string& body) {
    if (!Send(PostOf(body))) return false;
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos) {
      const std::string more = Read(1);
      if (more.empty()) return false;
      answer += more;
    }
    return answer.starts_with("HTTP/1.1 202") && Read(body.size()) == body;
  }
  bool AtEnd() {
    char byte = 0;
    return ::SSL_read(session_.get(), &byte, 1) <= 0 &&
           (::SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  RawClient socket_;
  ClientContext context_{::SSL_CTX_new(::TLS_client_method())};
  ClientSession session_;
  bool connected_ = false;
};

class ServerTlsTest : public testing::Test {
 protected:
  ServerTlsTest() {
    std::string pattern = testing::TempDir() + "audit-tls-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    options_.tls = {.certificate_file = directory_ / "certificate.pem", .key_file = directory_ / "key.pem"};
    WriteCertificate(options_.tls, "first");
  }
  ~ServerTlsTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
  ServerOptions options_;
};

TEST_F(ServerTlsTest, RequestsOfEverySizeAreServed) {
  TestServer server(options_);
  TlsClient client(server.port());
  ASSERT_TRUE(client.connected());
  for (const std::size_t size : {0U, 1U, 700U, 16'384U, 65'536U, 1'000'000U}) {
    EXPECT_TRUE(client.Echoes(std::string(size, 'x'))) << size;
  }
}

TEST_F(ServerTlsTest, FaultsAreAnsweredAndEndInOrder) {
  TestServer server(options_);
  TlsClient client(server.port());
  client.Send("nonsense\r\n\r\n");
  EXPECT_TRUE(client.Read(12) == "HTTP/1.1 400");
  while (!client.Read(1).empty()) {
  }
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(ServerTlsTest, VersionsBefore12AreRefused) {
  TestServer server(options_);
  EXPECT_FALSE(TlsClient(server.port(), TLS1_1_VERSION).connected());
  EXPECT_TRUE(TlsClient(server.port(), TLS1_2_VERSION).Echoes("a"));
  EXPECT_TRUE(TlsClient(server.port(), TLS1_3_VERSION).Echoes("a"));
}

TEST_F(ServerTlsTest, NewConnectionsUseAReloadedCertificate) {
  TestServer server(options_);
  TlsClient before(server.port());
  EXPECT_EQ(before.ServerName(), "first");
  WriteCertificate(options_.tls, "second");
  ASSERT_TRUE(server->ReloadTls().ok());
  EXPECT_EQ(TlsClient(server.port()).ServerName(), "second");
  EXPECT_TRUE(before.Echoes("still served"));
}

TEST_F(ServerTlsTest, ABrokenCertificateLeavesTheOldOneInUse) {
  TestServer server(options_);
  std::ofstream(options_.tls.certificate_file) << "not a certificate";
  const auto reloaded = server->ReloadTls();
  ASSERT_FALSE(reloaded.ok());
  EXPECT_NE(reloaded.error().message().find(options_.tls.certificate_file), std::string::npos);
  EXPECT_EQ(TlsClient(server.port()).ServerName(), "first");
}

TEST_F(ServerTlsTest, ACertificateThatCannotBeUsedIsNamedAtTheStart) {
  const TlsOptions good = options_.tls;
  options_.tls.certificate_file = directory_ / "none.pem";
  EXPECT_NE(Server::Listen(options_, nullptr).error().message().find("none.pem"), std::string::npos);
  options_.tls = {.certificate_file = directory_ / "other.pem", .key_file = directory_ / "other-key.pem"};
  WriteCertificate(options_.tls, "other");
  options_.tls.key_file = good.key_file;
  EXPECT_NE(Server::Listen(options_, nullptr).error().message().find("key.pem"), std::string::npos);
  options_.tls.certificate_file.clear();
  EXPECT_FALSE(Server::Listen(options_, nullptr).ok());
}

TEST_F(ServerTlsTest, AHandshakeThatDoesNotComeTimesOut) {
  options_.header_timeout = std::chrono::milliseconds(40);
  TestServer server(options_);
  RawClient client(server.port());
  client.Send("\x16");
  EXPECT_FALSE(client.Read());
  EXPECT_TRUE(Eventually([&] { return server->stats().connections == 0; }));
}

TEST_F(ServerTlsTest, PlainTextIsNotServed) {
  TestServer server(options_);
  RawClient client(server.port());
  client.Send(PostOf("hello"));
  const auto response = client.Read();
  EXPECT_FALSE(response && response->status == 202);
  EXPECT_TRUE(TlsClient(server.port()).Echoes("a"));
}

TEST_F(ServerTlsTest, ACallerThatVanishesHarmsNobody) {
  TestServer server(options_, {.on_request = [](const Request& request,
                                                Exchange exchange) { exchange.Respond(Text(202, request.body)); },
                               .on_round_end = nullptr});
  for (int i = 0; i < 10; ++i) {
    TlsClient client(server.port());
    for (int j = 0; j < 10; ++j) client.Send(PostOf(std::string(10'000, 'x')));
  }  // gone without reading; writing to it must not raise SIGPIPE
  EXPECT_TRUE(TlsClient(server.port()).Echoes("a"));
}

}  // namespace
}  // namespace audit::http
