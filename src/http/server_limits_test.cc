// What a server refuses, how the caller learns of it, and that nobody else suffers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "http/file_limit.h"
#include "http/gzip_text.h"
#include "http/raw_client.h"
#include "http/server.h"
#include "http/test_server.h"

namespace audit::http {
namespace {

using std::chrono::milliseconds;

// Long against what a test takes, so that only the time-out under test can pass.
constexpr milliseconds kNever{600'000};

ServerOptions Patient() {
  ServerOptions options;
  options.header_timeout = options.body_timeout = options.idle_timeout = kNever;
  return options;
}

void ExpectRefusal(RawClient& client, int status) {
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, status);
  EXPECT_EQ(response->body, "fault");
  EXPECT_TRUE(response->Has("Connection: close"));
  EXPECT_TRUE(client.AtEnd());
}

void ExpectServes(std::uint16_t port) {
  RawClient client(port);
  client.Send(PostOf("still here"));
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "still here");
}

TEST(ServerLimitsTest, EveryFaultIsAnsweredAndEndsTheConnection) {
  ServerOptions options = Patient();
  options.max_header_bytes = 1024;
  options.max_body_bytes = 2000;
  TestServer server(options);
  const std::string gzip = "Content-Encoding: gzip\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      {"nonsense\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET /" + std::string(2000, 'x') + " HTTP/1.1\r\n", 431},
      {PostOf(std::string(2001, 'x')), 413},
      {PostOf(Gzip(std::string(2001, 'x')), gzip), 413},
      {PostOf(Gzip(std::string(4U << 20, '\0')).substr(0, 2000), gzip), 413},
      {PostOf("x", "Content-Encoding: br\r\n"), 415},
      {PostOf("not gzip", gzip), 422},
  };
  for (const auto& [request, status] : cases) {
    RawClient client(server.port());
    client.Send(request);
    ExpectRefusal(client, status);
  }
  ExpectServes(server.port());
}

TEST(ServerLimitsTest, WhoSendsOnReadsTheRefusalAllTheSame) {
  ServerOptions options = Patient();
  options.max_body_bytes = 4U << 20;
  TestServer server(options);
  for (int i = 0; i < 5; ++i) {
    RawClient client(server.port());
    EXPECT_TRUE(client.Send(PostOf(std::string(6U << 20, 'x'))));  // all of it, before the first look at the answer
    ExpectRefusal(client, 413);
  }
}

TEST(ServerLimitsTest, WhoSendsWithoutEndIsCutOff) {
  ServerOptions options = Patient();
  options.max_body_bytes = 1000;
  TestServer server(options);
  RawClient client(server.port());
  client.Send(PostOf(std::string(1001, 'x')));
  const std::string more(64U << 10, 'x');
  int sent = 0;
  while (sent < 10'000 && client.Send(more)) ++sent;
  EXPECT_LT(sent, 10'000);
}

TEST(ServerLimitsTest, HalfARequestIsMalformed) {
  TestServer server(Patient());
  for (const std::string& whole : {PostOf("hello"), std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                                                "chunked\r\n\r\n5\r\nhello\r\n")}) {
    for (const std::size_t size : {std::size_t{1}, whole.size() - 9, whole.size() - 1}) {
      RawClient client(server.port());
      client.Send(whole.substr(0, size));
      client.EndSending();
      ExpectRefusal(client, 400);
    }
  }
}

TEST(ServerLimitsTest, HeadersThatComeTooSlowlyTimeOut) {
  ServerOptions options = Patient();
  options.header_timeout = milliseconds(40);
  TestServer server(options);
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\n");
  ExpectRefusal(client, 408);
}

TEST(ServerLimitsTest, HeadersThatDripTimeOutToo) {
  ServerOptions options = Patient();
  options.header_timeout = milliseconds(40);
  TestServer server(options);
  RawClient client(server.port());
  std::jthread dripping([&](const std::stop_token& stop) {
    client.Send("GET / HTTP/1.1\r\nHost: a\r\nA: ");
    while (!stop.stop_requested() && client.Send("x")) std::this_thread::sleep_for(milliseconds(2));
  });
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
}

TEST(ServerLimitsTest, ABodyThatComesTooSlowlyTimesOut) {
  ServerOptions options = Patient();
  options.body_timeout = milliseconds(40);
  TestServer server(options);
  for (const char* request : {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
                              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    RawClient client(server.port());
    client.Send(request);
    ExpectRefusal(client, 408);
  }
}

TEST(ServerLimitsTest, IdleConnectionsEndWithoutAWord) {
  ServerOptions options = Patient();
  options.idle_timeout = milliseconds(40);
  TestServer server(options);
  RawClient client(server.port());
  client.Send(PostOf("a"));
  ASSERT_TRUE(client.Read());
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerLimitsTest, WhoNeverSendsAnythingEndsWithoutAWord) {
  ServerOptions options = Patient();
  options.header_timeout = milliseconds(40);
  TestServer server(options);
  RawClient client(server.port());
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerLimitsTest, WhoNeverReadsIsCutOff) {
  ServerOptions options = Patient();
  options.body_timeout = milliseconds(40);
  const std::string large(16U << 20, 'x');
  TestServer server(options,
                    {.on_request = [&](const Request&, Exchange exchange) { exchange.Respond(Text(200, large)); },
                     .on_round_end = nullptr});
  RawClient client(/*receive_buffer=*/4096);
  ASSERT_TRUE(client.Connect(server.port()));
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(
      Eventually([&] { return server->stats().accepted_connections == 1 && server->stats().connections == 0; }));
}

TEST(ServerLimitsTest, AHandlerThatTakesItsTimeIsNotTimedOut) {
  ServerOptions options = Patient();
  options.header_timeout = options.body_timeout = options.idle_timeout = milliseconds(20);
  std::vector<Exchange> held;
  TestServer server(options,
                    {.on_request = [&](const Request&, Exchange exchange) { held.push_back(std::move(exchange)); },
                     .on_round_end = nullptr});
  RawClient client(server.port());
  client.Send(PostOf("a"));
  ASSERT_TRUE(Eventually([&] { return server->stats().requests_in_flight == 1; }));
  std::this_thread::sleep_for(milliseconds(200));  // many sweeps
  server.io_thread().Post([&] {
    held.front().Respond(Text(202, "late"));
    held.clear();
  });
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "late");
}

TEST(ServerLimitsTest, ConnectionsOverTheBoundAreTold) {
  ServerOptions options = Patient();
  options.max_connections = 2;
  TestServer server(options);
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port());
  ASSERT_TRUE(Eventually([&] { return server->stats().connections == 2; }));
  for (int i = 0; i < 5; ++i) {
    RawClient third(server.port());
    third.Send(PostOf("a"));
    ExpectRefusal(third, 503);
  }
  EXPECT_EQ(server->stats().refused_connections, 5U);
  EXPECT_EQ(server->stats().connections, 2U);
  first.reset();
  ASSERT_TRUE(Eventually([&] { return server->stats().connections == 1; }));
  ExpectServes(server.port());
}

TEST(ServerLimitsTest, RequestsInFlightOverTheBoundAreTold) {
  ServerOptions options = Patient();
  options.max_requests_in_flight = 2;
  std::vector<Exchange> held;
  TestServer server(options,
                    {.on_request = [&](const Request&, Exchange exchange) { held.push_back(std::move(exchange)); },
                     .on_round_end = nullptr});
  RawClient first(server.port());
  RawClient second(server.port());
  first.Send(PostOf("a"));
  second.Send(PostOf("b"));
  ASSERT_TRUE(Eventually([&] { return server->stats().requests_in_flight == 2; }));
  RawClient third(server.port());
  third.Send(PostOf("c"));
  ExpectRefusal(third, 503);
  server.io_thread().Post([&] {
    for (Exchange& exchange : held) exchange.Respond(Text(202, ""));
    held.clear();
  });
  EXPECT_TRUE(first.Read());
  EXPECT_TRUE(second.Read());
}

TEST(ServerLimitsTest, BuffersAreBoundedOverAllConnections) {
  ServerOptions options = Patient();
  options.max_header_bytes = 1024;
  options.max_body_bytes = 99U << 10;
  options.max_buffered_bytes = 200U << 10;
  TestServer server(options);
  const std::string most = PostOf(std::string(90U << 10, 'x'));
  std::vector<RawClient> waiting;
  for (int i = 0; i < 2; ++i) {
    waiting.emplace_back(server.port());
    waiting.back().Send(most.substr(0, most.size() - 1));
  }
  // Which one meets the bound depends on how the bytes arrive; the third at the latest.
  {
    RawClient third(server.port());
    third.Send(most.substr(0, most.size() - 1));
    ExpectRefusal(third, 503);
  }
  ExpectServes(server.port());  // what arrives whole needs no buffer
  waiting.clear();
  ASSERT_TRUE(Eventually([&] { return server->stats().connections == 0; }));
  RawClient later(server.port());
  later.Send(most.substr(0, most.size() - 1));
  later.Send("x");
  const auto response = later.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 202);
}

class FileLimitTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0); }
  void TearDown() override { ::setrlimit(RLIMIT_NOFILE, &before_); }
  void SetSoftLimit(rlim_t files) const {
    const rlimit limit{.rlim_cur = files, .rlim_max = before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit before_{};
};

TEST_F(FileLimitTest, TheSoftLimitIsRaisedToTheHardOne) {
  SetSoftLimit(std::min<rlim_t>(before_.rlim_max, 64));
  RaiseFileLimit();
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before_.rlim_max);
}

TEST_F(FileLimitTest, WithoutDescriptorsCallersAreToldAndNotLeftWaiting) {
  TestServer server(Patient());
  ExpectServes(server.port());
  ASSERT_TRUE(Eventually([&] { return server->stats().connections == 0; }));
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back();
  SetSoftLimit(std::min<rlim_t>(before_.rlim_max, 256));
  std::vector<Descriptor> all_others;
  do {
    all_others.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  } while (all_others.back().valid());
  for (RawClient& client : clients) {
    ASSERT_TRUE(client.Connect(server.port()));
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 503);
  }
  all_others.clear();
  ExpectServes(server.port());
}

}  // namespace
}  // namespace audit::http
