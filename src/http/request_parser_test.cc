#include "http/request_parser.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "http/gzip_text.h"
#include "http/parse_in_pieces.h"

namespace audit::http {
namespace {

std::string Post(const std::string& fields, const std::string& body) {
  return "POST /e HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n" + body;
}
std::string PostWithLength(const std::string& body, const std::string& fields = "A: b") {
  return Post(fields + "\r\nContent-Length: " + std::to_string(body.size()), body);
}

class RequestParserTest : public testing::Test {
 protected:
  RequestParserTest() { shared_.limits = {.max_header_bytes = 256, .max_headers = 10, .max_body_bytes = 100}; }

  // What comes out of the whole, after checking that every split gives the same.
  std::vector<std::string> Parse(const std::string& stream) {
    const auto pieces = [&](std::size_t size) { return ParseInPieces(stream, shared_, [size] { return size; }); };
    const std::vector<std::string> whole = pieces(std::numeric_limits<std::size_t>::max());
    for (std::size_t size = 1; size <= stream.size(); ++size) EXPECT_EQ(pieces(size), whole) << size;
    return whole;
  }
  void ExpectFault(const std::string& stream, Fault fault) {
    EXPECT_EQ(Parse(stream), std::vector<std::string>{"fault " + std::to_string(static_cast<int>(fault))}) << stream;
  }
  void ExpectBodies(const std::string& stream, const std::vector<std::string>& bodies) {
    const std::vector<std::string> results = Parse(stream);
    ASSERT_EQ(results.size(), bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      EXPECT_TRUE(results[i].ends_with(" | " + bodies[i])) << results[i];
      EXPECT_TRUE(results[i].starts_with("2 /e ?")) << results[i];
    }
  }

  ParserShared shared_;
};

TEST_F(RequestParserTest, RequestsFollowEachOther) {
  ExpectBodies(PostWithLength("one") + Post("Transfer-Encoding: chunked", "3\r\ntwo\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n") +
                   PostWithLength("") + PostWithLength("four"),
               {"one", "two!", "", "four"});
}

TEST_F(RequestParserTest, OneEmptyLineBeforeARequestIsSkipped) {
  ExpectBodies("\r\n" + PostWithLength("one") + "\r\n" + PostWithLength("two"), {"one", "two"});
  ExpectFault("\r\n\r\n" + PostWithLength("one"), Fault::kMalformed);
}

TEST_F(RequestParserTest, WhatCannotBeginAMethodIsRefusedAtTheFirstByte) {
  ExpectFault("\x16\x03\x01", Fault::kMalformed);  // a TLS client
  ExpectFault("\n", Fault::kMalformed);
  ExpectFault("\rG", Fault::kMalformed);
}

TEST_F(RequestParserTest, TheHeadIsBounded) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string longest = "GET /" + std::string(256 - 5 - rest.size(), 'x') + rest;
  EXPECT_EQ(Parse(longest).size(), 1U);
  EXPECT_EQ(Parse(longest).front().find("fault"), std::string::npos);
  ExpectFault("GET /x" + longest.substr(5), Fault::kHeaderTooLarge);
  ExpectFault(std::string(256, 'x'), Fault::kHeaderTooLarge);
  ExpectFault("GET /\x01" + std::string(300, 'x') + "\r\n", Fault::kHeaderTooLarge);
}

TEST_F(RequestParserTest, TheBodyIsBounded) {
  ExpectBodies(PostWithLength(std::string(100, 'x')), {std::string(100, 'x')});
  ExpectFault(Post("Content-Length: 101", ""), Fault::kBodyTooLarge);
  ExpectFault(Post("Content-Length: 18446744073709551615", ""), Fault::kBodyTooLarge);
  ExpectFault(Post("Transfer-Encoding: chunked", "65\r\n"), Fault::kBodyTooLarge);
  ExpectFault(PostWithLength(Gzip(std::string(101, 'x')), "Content-Encoding: gzip"), Fault::kBodyTooLarge);
}

TEST_F(RequestParserTest, GzipBodiesAreDecoded) {
  const std::string coded = Gzip("hello hello hello");
  ExpectBodies(PostWithLength(coded, "Content-Encoding: gzip"), {"hello hello hello"});
  ExpectBodies(Post("Content-Encoding: x-gzip\r\nTransfer-Encoding: chunked",
                    "5\r\n" + coded.substr(0, 5) + "\r\n" + "1c;x\r\n" + coded.substr(5) + "\r\n0\r\n\r\n"),
               coded.size() == 5 + 0x1c ? std::vector<std::string>{"hello hello hello"} : std::vector<std::string>{});
  ExpectBodies(PostWithLength("", "Content-Encoding: gzip"), {""});
  ExpectFault(PostWithLength("not gzip", "Content-Encoding: gzip"), Fault::kMalformedEncoding);
}

TEST_F(RequestParserTest, OtherCodingsAreRefusedBeforeTheBody) {
  ExpectFault(Post("Content-Encoding: br\r\nContent-Length: 50", ""), Fault::kUnsupportedEncoding);
}

TEST_F(RequestParserTest, ABrokenChunkIsMalformed) {
  ExpectFault(Post("Transfer-Encoding: chunked", "z\r\n"), Fault::kMalformed);
  ExpectFault(Post("Transfer-Encoding: chunked", "0\r\nT: " + std::string(300, 'x')), Fault::kHeaderTooLarge);
}

TEST_F(RequestParserTest, AnIncompleteRequestIsNoResult) {
  const std::string request = PostWithLength("hello");
  for (std::size_t size = 0; size < request.size(); ++size) EXPECT_TRUE(Parse(request.substr(0, size)).empty());
}

TEST_F(RequestParserTest, ItIsKnownWhoWaitsForAContinue) {
  std::string text = Post("Expect: 100-Continue\r\nContent-Length: 5", "");
  std::span<char> input(text);
  RequestParser parser(shared_);
  ASSERT_EQ(parser.Advance(input), RequestParser::Progress::kIncomplete);
  EXPECT_TRUE(parser.in_body());
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.head_bytes(), text.size());
  EXPECT_EQ(parser.bytes_expected(), text.size() + 5);
}

}  // namespace
}  // namespace audit::http
