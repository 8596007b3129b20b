#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/raw_client.h"
#include "http/server.h"
#include "http/test_server.h"

namespace audit::http {
namespace {

constexpr std::chrono::milliseconds kPlenty{60'000};
constexpr std::chrono::milliseconds kNone{0};

class ServerStopTest : public testing::Test {
 protected:
  // Ends the server on another thread, where it waits for what is in flight.
  std::thread BeginStop(std::chrono::milliseconds grace) {
    return std::thread([this, grace] { server_->Stop(grace); });
  }
  bool Listens() { return RawClient().Connect(server_.port()); }
  void HoldOne(RawClient& client) {
    client.Send(PostOf("hold"));
    ASSERT_TRUE(Eventually([&] { return server_->stats().requests_in_flight == 1; }));
  }
  void AnswerHeld() {
    server_.io_thread().Post([this] {
      for (Exchange& exchange : held_) exchange.Respond(Text(202, "late"));
      held_.clear();
    });
  }

  std::vector<Exchange> held_;  // the I/O thread's while it runs
  TestServer server_{{},
                     {.on_request =
                          [this](const Request& request, Exchange exchange) {
                            if (request.body == "hold") return held_.push_back(std::move(exchange));
                            exchange.Respond(Text(202, request.body));
                          },
                      .on_round_end = nullptr}};
};

TEST_F(ServerStopTest, IdleConnectionsEndAtOnce) {
  RawClient used(server_.port());
  used.Send(PostOf("a"));
  ASSERT_TRUE(used.Read());
  RawClient fresh(server_.port());
  server_->Stop(kPlenty);
  EXPECT_TRUE(used.AtEnd());
  EXPECT_TRUE(fresh.AtEnd());
  EXPECT_FALSE(Listens());
}

TEST_F(ServerStopTest, RequestsInFlightAreAnsweredFirst) {
  RawClient client(server_.port());
  HoldOne(client);
  std::thread stopping = BeginStop(kPlenty);
  EXPECT_TRUE(Eventually([&] { return !Listens(); }));
  AnswerHeld();
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "late");
  EXPECT_TRUE(response->Has("Connection: close"));
  EXPECT_TRUE(client.AtEnd());
  stopping.join();
}

TEST_F(ServerStopTest, ARequestThatIsArrivingIsAnsweredToo) {
  RawClient holder(server_.port());
  HoldOne(holder);
  RawClient client(server_.port());
  const std::string request = PostOf("hello");
  client.Send(request.substr(0, 20));
  ASSERT_TRUE(Eventually([&] { return server_->stats().connections == 2; }));
  std::thread stopping = BeginStop(kPlenty);
  EXPECT_TRUE(Eventually([&] { return !Listens(); }));
  client.Send(request.substr(20));
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "hello");
  AnswerHeld();
  EXPECT_TRUE(holder.Read());
  stopping.join();
}

TEST_F(ServerStopTest, NobodyWaitsPastTheGrace) {
  RawClient client(server_.port());
  HoldOne(client);
  server_->Stop(std::chrono::milliseconds(20));
  EXPECT_FALSE(client.Read());
  EXPECT_EQ(server_->stats().connections, 0U);
  ASSERT_EQ(held_.size(), 1U);
  held_.front().Respond(Text(202, "to nobody"));  // outlived its connection, its loop and its handler
  held_.clear();
}

TEST_F(ServerStopTest, ASecondStopCutsTheFirstShort) {
  RawClient client(server_.port());
  HoldOne(client);
  std::thread stopping = BeginStop(kPlenty);
  EXPECT_TRUE(Eventually([&] { return !Listens(); }));
  server_->Stop(kNone);
  stopping.join();
  EXPECT_FALSE(client.Read());
  held_.clear();
}

TEST_F(ServerStopTest, TasksPostedTooLateAreDropped) {
  server_->Stop(kNone);
  auto owned = std::make_shared<int>(0);
  std::atomic<bool> ran{false};
  server_.io_thread().Post([owned, &ran] { ran = true; });
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST_F(ServerStopTest, ThreadsAreAskedWhileTheyRunAndHaveAnsweredWhenTheyEnded) {
  std::atomic<bool> answered{false};
  server_->AskThreads([&] { answered = true; });
  EXPECT_TRUE(Eventually([&] { return answered.load(); }));
  server_->Stop(kNone);
  answered = false;
  server_->AskThreads([&] { answered = true; });
  EXPECT_TRUE(answered);
}

TEST(ServerThreadsTest, OneThatIsStuckKeepsTheAnswerBack) {
  std::promise<void> free;
  std::atomic<int> stuck{0};
  ServerOptions options;
  options.threads = 2;
  TestServer server(options, {.on_request =
                                  [&, freed = free.get_future().share()](const Request&, Exchange exchange) {
                                    ++stuck;
                                    freed.wait();
                                    exchange.Respond(Text(202, ""));
                                  },
                              .on_round_end = nullptr});
  RawClient client(server.port());
  client.Send(PostOf("a"));
  ASSERT_TRUE(Eventually([&] { return stuck == 1; }));
  std::atomic<bool> answered{false};
  server->AskThreads([&] { answered = true; });
  EXPECT_FALSE(answered);
  free.set_value();
  EXPECT_TRUE(Eventually([&] { return answered.load(); }));
  EXPECT_TRUE(client.Read());
}

TEST(ServerNeverStartedTest, ItCanBeStoppedAndDestroyed) {
  ServerOptions options;
  options.host = "127.0.0.1";
  options.port = 0;
  auto server = Server::Listen(options, nullptr);
  ASSERT_TRUE(server.ok());
  (*server)->Stop(kPlenty);
}

}  // namespace
}  // namespace audit::http
