#include "http/response_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace audit::http {
namespace {

std::string Write(const Response& response, const ResponseFraming& framing = {}) {
  std::string out;
  AppendResponse(response, framing, "NOW", out);
  return out;
}

TEST(ResponseWriterTest, EverythingIsInOneBlock) {
  const std::array<Header, 2> headers = {Header{"Retry-After", "1"}, Header{"Allow", "POST"}};
  EXPECT_EQ(Write({.status = 503, .content_type = "application/json", .body = "{}", .headers = headers},
                  {.head_only = false, .close = true, .keep_alive = false}),
            "HTTP/1.1 503 Service Unavailable\r\nDate: NOW\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
            "Allow: POST\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(ResponseWriterTest, HeadIsToldTheLengthOnly) {
  EXPECT_EQ(Write({.status = 200, .content_type = "", .body = "hello", .headers = {}},
                  {.head_only = true, .close = false, .keep_alive = true}),
            "HTTP/1.1 200 OK\r\nDate: NOW\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n");
}

TEST(ResponseWriterTest, NoContentHasNoLength) {
  EXPECT_EQ(Write({.status = 204, .content_type = "", .body = "x", .headers = {}}),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n\r\n");
}

TEST(ResponseWriterTest, AnUnknownStatusNeedsNoReason) {
  EXPECT_TRUE(Write({.status = 299, .content_type = "", .body = "", .headers = {}}).starts_with("HTTP/1.1 299 \r\n"));
}

TEST(HttpDateTest, IsTheFixedFormatOfRfc9110) {
  HttpDate date;
  EXPECT_EQ(date.Text(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.Text(784'111'778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace audit::http
