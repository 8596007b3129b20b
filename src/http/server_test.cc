#include "http/server.h"

#include <gtest/gtest.h>

#include <string>

#include "http/raw_client.h"
#include "http/test_server.h"

namespace audit::http {
namespace {

TEST(ServerTest, OneConnectionServesManyRequests) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"));
    const auto response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 202);
    EXPECT_EQ(response->body, "hello");
    EXPECT_FALSE(response->Has("Connection: close"));
  }
  EXPECT_EQ(server->stats().accepted_connections, 1U);
}

}  // namespace
}  // namespace audit::http
