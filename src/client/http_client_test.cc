#include "client/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fstream>

#include "client/scripted_server.h"

namespace audit::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

constexpr std::string_view kJson = "application/json";

std::unique_ptr<HttpClient> ClientFor(const ScriptedServer& server, ClientOptions options = {}) {
  options.base = *ParseUrl(server.url());
  Result<std::unique_ptr<HttpClient>> client = HttpClient::Create(options);
  EXPECT_TRUE(client.ok());
  return *std::move(client);
}

TEST(HttpClient, SendsOneRequestAfterAnotherOnOneConnection) {
  const ScriptedServer server([](const Request& request) { return ScriptedServer::Answer(202, request.body + "!"); });
  const auto client = ClientFor(server);
  for (const char* body : {"one", "two", "three"}) {
    const Result<Answer> answer = client->Post("/v1/x", kJson, body);
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->status, 202);
    EXPECT_EQ(answer->body, std::string(body) + "!");
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, RequestNamesHostPathAndMediaType) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(200, "{}"); });
  ClientOptions options;
  options.base = *ParseUrl(server.url() + "/behind/proxy/");
  const auto client = *HttpClient::Create(options);
  ASSERT_TRUE(client->Post("/v1/events", kJson, "{}").ok());
  const std::string head = server.requests().at(0).head;
  EXPECT_THAT(head, testing::StartsWith("POST /behind/proxy/v1/events HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type: application/json\r\n"));
}

TEST(HttpClient, RetryAfterIsGivenToTheCaller) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(503, "{}", "Retry-After: 7\r\n"); });
  const Result<Answer> answer = ClientFor(server)->Get("/health");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->retry_after, seconds(7));
}

TEST(HttpClient, KeptConnectionThatTheServiceClosedIsReplaced) {
  const ScriptedServer server([](const Request&) {
    Reply reply = ScriptedServer::Answer(200, "{}");
    reply.close = true;  // without saying so
    return reply;
  });
  const auto client = ClientFor(server);
  for (int i = 0; i < 3; ++i) {
    const Result<Answer> answer = client->Get("/");
    ASSERT_TRUE(answer.ok()) << answer.error().message();
  }
  EXPECT_EQ(server.connections(), 3U);
}

TEST(HttpClient, ConnectionCloseIsHeeded) {
  const ScriptedServer server(
      [](const Request&) { return ScriptedServer::Answer(200, "{}", "Connection: close\r\n"); });
  const auto client = ClientFor(server);
  ASSERT_TRUE(client->Get("/").ok());
  ASSERT_TRUE(client->Get("/").ok());
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, ServiceThatCutsEveryAnswerIsUnavailableAndNotAskedForEver) {
  const ScriptedServer server([](const Request&) {
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .close = true};
  });
  const Result<Answer> answer = ClientFor(server)->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, SilentServiceIsATimeoutThatMayBeTriedAgain) {
  const ScriptedServer server([](const Request& request) {
    return request.number == 0 ? Reply{.bytes = "HTTP/1.1 200 OK\r\n", .hang = true}
                               : ScriptedServer::Answer(200, "late");
  });
  const auto client = ClientFor(server, {.request_timeout = milliseconds(50)});
  const Result<Answer> answer = client->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kTimeout);
  EXPECT_TRUE(answer.error().retryable());
}

TEST(HttpClient, AnswerThatIsNotHttpIsSaidToBeSo) {
  const ScriptedServer server([](const Request&) { return Reply{.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}; });
  const Result<Answer> answer = ClientFor(server)->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kCorrupt);
  EXPECT_FALSE(answer.error().retryable());
}

TEST(HttpClient, AnswerPastTheBoundIsRefused) {
  const ScriptedServer server([](const Request&) { return ScriptedServer::Answer(200, std::string(2'000, 'x')); });
  const Result<Answer> answer = ClientFor(server, {.max_answer_bytes = 1'000})->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kCorrupt);
}

TEST(HttpClient, AnswerToAHalfSentRequestIsRead) {
  const ScriptedServer server([](const Request&) {
    Reply reply = ScriptedServer::Answer(413, "too much");
    reply.close = true;
    return reply;
  });
  const Result<Answer> answer = ClientFor(server)->Post("/", kJson, std::string(1U << 20, 'x'));
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 413);
}

TEST(HttpClient, NobodyListeningIsUnavailable) {
  std::uint16_t port = 0;
  {
    const ScriptedServer server([](const Request&) { return Reply{}; });
    port = server.port();
  }
  ClientOptions options;
  options.base = *ParseUrl("http://127.0.0.1:" + std::to_string(port));
  const Result<Answer> answer = (*HttpClient::Create(options))->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("http://127.0.0.1:"));
}

TEST(HttpClient, NameThatCannotBeFoundIsUnavailable) {
  ClientOptions options;
  options.base = *ParseUrl("http://no-such-host.invalid:8000");
  const Result<Answer> answer = (*HttpClient::Create(options))->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_TRUE(answer.error().retryable());
}

class HttpsClient : public testing::Test {
 protected:
  ScriptedServer server_{[](const Request&) { return ScriptedServer::Answer(200, "secret"); },
                         ScriptedServer::Transport::kTls};

  std::string CaFile() {
    const std::string path = testing::TempDir() + "ca_" + std::to_string(server_.port()) + ".pem";
    std::ofstream(path) << server_.certificate_pem();
    return path;
  }
};

TEST_F(HttpsClient, UnknownCertificateIsRefusedWithTheRemedy) {
  const Result<Answer> answer = ClientFor(server_)->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_FALSE(answer.error().retryable());
  EXPECT_THAT(answer.error().message(), HasSubstr("--ca-file"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpsClient, CertificateOfTheGivenCaIsTrusted) {
  const auto client = ClientFor(server_, {.ca_file = CaFile()});
  for (int i = 0; i < 2; ++i) {
    const Result<Answer> answer = client->Get("/");
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->body, "secret");
  }
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(HttpsClient, CertificateForAnotherNameIsRefused) {
  ClientOptions options;
  options.base = *ParseUrl("https://localhost:" + std::to_string(server_.port()));
  options.ca_file = CaFile();
  const Result<Answer> answer = (*HttpClient::Create(options))->Get("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), ErrorCode::kInvalidArgument) << answer.error().message();
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(HttpsClient, InsecureAsksForNoCertificate) {
  const Result<Answer> answer = ClientFor(server_, {.insecure = true})->Get("/");
  ASSERT_TRUE(answer.ok()) << answer.error().message();
}

TEST_F(HttpsClient, FileWithoutCertificatesIsRefusedBeforeConnecting) {
  const auto client = HttpClient::Create({.base = *ParseUrl(server_.url()), .ca_file = "/nonexistent/ca.pem"});
  ASSERT_FALSE(client.ok());
  EXPECT_THAT(client.error().message(), HasSubstr("/nonexistent/ca.pem"));
}

}  // namespace
}  // namespace audit::client
