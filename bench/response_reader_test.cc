#include "response_reader.h"

#include <gtest/gtest.h>

namespace audit::bench {
namespace {

TEST(ResponseReader, SaysStatusAndWhereTheAnswerEnds) {
  ResponseHead head;
  const std::string_view bytes = "HTTP/1.1 202 Accepted\r\ncontent-Length: 5\r\nX: y\r\n\r\nhello";
  ASSERT_EQ(ReadHead(bytes, &head), HeadState::kComplete);
  EXPECT_EQ(head.status, 202);
  EXPECT_EQ(head.total_bytes, bytes.size());
  EXPECT_FALSE(head.close);
}

TEST(ResponseReader, SeesThatTheServerCloses) {
  ResponseHead head;
  ASSERT_EQ(ReadHead("HTTP/1.1 503 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", &head), HeadState::kComplete);
  EXPECT_TRUE(head.close);
}

TEST(ResponseReader, WaitsForTheWholeHead) {
  ResponseHead head;
  const std::string_view bytes = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(ReadHead(bytes.substr(0, length), &head), HeadState::kIncomplete) << length;
  }
}

TEST(ResponseReader, TakesNothingElseForAnAnswer) {
  ResponseHead head;
  for (const std::string_view bytes :
       {"HTTP/1.1 2x2 Accepted\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 202 Accepted\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 1x\r\n\r\n", "HTTP/1.1 202 Accepted\r\nDate: today\r\n\r\n",
        "hello\r\n\r\n"}) {
    EXPECT_EQ(ReadHead(bytes, &head), HeadState::kMalformed) << bytes;
  }
}

}  // namespace
}  // namespace audit::bench
