#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "http/gzip_text.h"
#include "http/raw_client.h"
#include "http/test_server.h"

namespace audit::http {
namespace {

std::optional<std::string> BodyOf(const std::optional<RawResponse>& response) {
  return response ? std::optional(response->body) : std::nullopt;
}

TEST(ServerTest, OneConnectionServesManyRequests) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(PostOf("hello")));
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 202);
    EXPECT_EQ(response->body, "hello");
    EXPECT_TRUE(response->Has("Content-Type: text/plain"));
    EXPECT_FALSE(response->Has("Connection: close"));
  }
  EXPECT_EQ(server->stats().accepted_connections, 1U);
  EXPECT_EQ(server->stats().connections, 1U);
}

TEST(ServerTest, TheRequestIsSeenAsSent) {
  std::string seen;
  const Script script{.on_request =
                          [&](const Request& request, Exchange exchange) {
                            seen = std::string(request.path) + " " + std::string(request.query) + " " +
                                   std::string(request.Find("x-THING").value_or("none"));
                            exchange.Respond(Text(200, seen));
                          },
                      .on_round_end = nullptr};
  TestServer server({}, script);
  RawClient client(server.port());
  client.Send("GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-Thing: d\r\n\r\n");
  EXPECT_EQ(BodyOf(client.Read()), "/a b=c d");
}

TEST(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += PostOf(std::to_string(i) + std::string(1000, 'x'));
  std::thread sender([&] { client.Send(all); });
  for (int i = 0; i < 500; ++i) EXPECT_EQ(BodyOf(client.Read()), std::to_string(i) + std::string(1000, 'x'));
  sender.join();
}

TEST(ServerTest, RequestsBehindOneThatWaitsAreAnsweredAfterIt) {
  std::vector<Exchange> held;
  std::vector<std::string> bodies;
  std::counting_semaphore<> arrived(0);
  const Script script{.on_request =
                          [&](const Request& request, Exchange exchange) {
                            held.push_back(std::move(exchange));
                            bodies.emplace_back(request.body);
                            arrived.release();
                          },
                      .on_round_end = nullptr};
  TestServer server({}, script);
  RawClient client(server.port());
  client.Send(PostOf("1") + PostOf("2"));
  client.Send(PostOf("3"));
  for (int i = 1; i <= 3; ++i) {
    arrived.acquire();
    EXPECT_EQ(server->stats().requests_in_flight, 1U);
    server.io_thread().Post([&] {
      Exchange exchange = std::move(held.back());
      held.pop_back();
      exchange.Respond(Text(202, bodies.back()));
    });
    EXPECT_EQ(BodyOf(client.Read()), std::to_string(i));
  }
  EXPECT_TRUE(Eventually([&] { return server->stats().requests_in_flight == 0; }));
}

TEST(ServerTest, AHandlerMayAnswerAWholeRoundAtItsEnd) {
  std::vector<Exchange> held;
  const Script script{
      .on_request = [&](const Request&, Exchange exchange) { held.push_back(std::move(exchange)); },
      .on_round_end =
          [&] {
            for (Exchange& exchange : held) exchange.Respond(Text(202, "late"));
            held.clear();
          },
  };
  TestServer server({}, script);
  RawClient first(server.port());
  RawClient second(server.port());
  for (int i = 0; i < 10; ++i) {
    first.Send(PostOf("a") + PostOf("b"));
    second.Send(PostOf("c"));
    EXPECT_EQ(BodyOf(first.Read()), "late");
    EXPECT_EQ(BodyOf(first.Read()), "late");
    EXPECT_EQ(BodyOf(second.Read()), "late");
  }
}

TEST(ServerTest, HeadIsAnsweredWithoutABody) {
  TestServer server({}, {.on_request = [](const Request&, Exchange exchange) { exchange.Respond(Text(200, "hello")); },
                         .on_round_end = nullptr});
  RawClient client(server.port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto head = client.Read(/*to_head=*/true);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->Has("Content-Length: 5"));
  EXPECT_EQ(BodyOf(client.Read()), "hello");
}

TEST(ServerTest, AContinueIsSentToWhoWaitsForIt) {
  TestServer server;
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const auto interim = client.Read();
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status, 100);
  client.Send("hello");
  EXPECT_EQ(BodyOf(client.Read()), "hello");
}

TEST(ServerTest, NoContinueIsSentForABodyThatIsHereOrRefused) {
  TestServer server;
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(BodyOf(client.Read()), "hello");
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n");
  const auto refusal = client.Read();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 413);
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, ChunksAndGzipAreUndone) {
  TestServer server;
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  client.Send("lo\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(BodyOf(client.Read()), "hello world");
  const std::string text(100'000, 'x');
  client.Send(PostOf(Gzip(text), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(BodyOf(client.Read()), text);
}

TEST(ServerTest, LargeBodiesArriveWhole) {
  TestServer server;
  RawClient client(server.port());
  for (const std::size_t size : {65'000U, 65'536U, 70'000U, 300'000U, 5'000'000U}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 7 / 3);
    std::thread sender([&] { client.Send(PostOf(body)); });
    EXPECT_TRUE(BodyOf(client.Read()) == body) << size;
    sender.join();
  }
}

TEST(ServerTest, AnOldClientKeepsItsConnectionWhenItAsks) {
  TestServer server;
  RawClient client(server.port());
  client.Send("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na");
  const auto kept = client.Read();
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->Has("Connection: keep-alive"));
  client.Send("POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nb");
  const auto last = client.Read();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->Has("Connection: close"));
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, EitherSideMayAskForTheEnd) {
  TestServer server({}, {.on_request =
                             [](const Request& request, Exchange exchange) {
                               Response response = Text(200, "bye");
                               response.close = request.path == "/close";
                               exchange.Respond(response);
                             },
                         .on_round_end = nullptr});
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /close HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    RawClient client(server.port());
    client.Send(request);
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->Has("Connection: close"));
    EXPECT_TRUE(client.AtEnd());
  }
}

TEST(ServerTest, WhoEndedItsSideStillGetsItsAnswers) {
  TestServer server;
  RawClient client(server.port());
  client.Send(PostOf("a") + PostOf("b"));
  client.EndSending();
  EXPECT_EQ(BodyOf(client.Read()), "a");
  EXPECT_EQ(BodyOf(client.Read()), "b");
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, WhoEndedItsSideGetsALateAnswer) {
  std::vector<Exchange> held;
  std::counting_semaphore<> arrived(0);
  TestServer server({}, {.on_request =
                             [&](const Request&, Exchange exchange) {
                               held.push_back(std::move(exchange));
                               arrived.release();
                             },
                         .on_round_end = nullptr});
  RawClient client(server.port());
  client.Send(PostOf("a"));
  arrived.acquire();
  client.EndSending();
  server.io_thread().Post([&] {
    held.front().Respond(Text(202, "late"));
    held.clear();
  });
  EXPECT_EQ(BodyOf(client.Read()), "late");
  EXPECT_TRUE(client.AtEnd());
}

TEST(ServerTest, AnExchangeDroppedUnansweredEndsTheConnection) {
  TestServer server({}, {.on_request = [](const Request&, Exchange) {}, .on_round_end = nullptr});
  RawClient client(server.port());
  client.Send(PostOf("a"));
  EXPECT_FALSE(client.Read());
  EXPECT_TRUE(Eventually([&] { return server->stats().connections == 0; }));
  EXPECT_TRUE(Eventually([&] { return server->stats().requests_in_flight == 0; }));
}

TEST(ServerTest, AnsweringAfterTheConnectionBrokeDoesNothing) {
  std::vector<Exchange> held;
  std::counting_semaphore<> arrived(0);
  TestServer server({}, {.on_request =
                             [&](const Request& request, Exchange exchange) {
                               if (request.body == "now") return exchange.Respond(Text(202, "now"));
                               held.push_back(std::move(exchange));
                               arrived.release();
                             },
                         .on_round_end = nullptr});
  for (int i = 0; i < 2; ++i) {
    RawClient client(server.port());
    client.Send(PostOf("later"));
    arrived.acquire();
    client.Reset();
  }
  EXPECT_TRUE(Eventually([&] { return server->stats().connections == 0; }));
  EXPECT_TRUE(Eventually([&] { return server->stats().requests_in_flight == 0; }));
  server.io_thread().Post([&] {
    held.front().Respond(Text(202, "to nobody"));
    held.clear();  // the other one is dropped
  });
  RawClient other(server.port());
  other.Send(PostOf("now"));
  EXPECT_EQ(BodyOf(other.Read()), "now");
}

TEST(ServerTest, ALargeAnswerWaitsForASlowReader) {
  const std::string large(8U << 20, 'x');
  TestServer server({}, {.on_request = [&](const Request&, Exchange exchange) { exchange.Respond(Text(200, large)); },
                         .on_round_end = nullptr});
  RawClient client(/*receive_buffer=*/4096);
  ASSERT_TRUE(client.Connect(server.port()));
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  RawClient other(server.port());
  other.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(other.Read(/*to_head=*/true));  // nobody waits for the slow one
  EXPECT_TRUE(BodyOf(client.Read()) == large);
  EXPECT_TRUE(BodyOf(client.Read()) == large);
}

TEST(ServerTest, ThreadsServeSideBySide) {
  ServerOptions options;
  options.threads = 3;
  TestServer server(options);
  std::vector<std::thread> callers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int j = 0; j < 5; ++j) {
        RawClient client(server.port());
        for (int k = 0; k < 5; ++k) {
          client.Send(PostOf("hello"));
          if (BodyOf(client.Read()) == "hello") ++answered;
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answered, 8 * 5 * 5);
  EXPECT_EQ(server->stats().accepted_connections, 8U * 5U);
}

TEST(ServerTest, TasksFromOtherThreadsRunOnTheIoThread) {
  TestServer server;
  int ran = 0;  // only the I/O thread touches it
  std::atomic<bool> done{false};
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 100; ++j) server.io_thread().Post([&] { done = ++ran == 400; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  EXPECT_TRUE(Eventually([&] { return done.load(); }));
}

TEST(ServerTest, AnAddressInUseIsNamed) {
  TestServer first;
  for (const unsigned threads : {1U, 2U}) {
    ServerOptions options;
    options.host = "127.0.0.1";
    options.port = first.port();
    options.threads = threads;
    const auto second = Server::Listen(options, nullptr);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message().find("port " + std::to_string(first.port())), std::string::npos);
  }
}

TEST(ServerTest, AHostThatIsNoAddressIsAnError) {
  ServerOptions options;
  options.host = "localhost";
  const auto server = Server::Listen(options, nullptr);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace audit::http
