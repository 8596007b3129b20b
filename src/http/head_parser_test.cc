#include "http/head_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::http {
namespace {

constexpr std::size_t kMaxHeaders = 20;

struct Case {
  std::string name;
  std::string head;
};
std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

std::string With(const std::string& field) { return "POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n"; }

class AcceptedHeadTest : public testing::TestWithParam<Case> {};
class RefusedHeadTest : public testing::TestWithParam<Case> {};

TEST_P(AcceptedHeadTest, IsTakenWhole) {
  RequestHead head;
  const HeadOutcome outcome = ParseHead(GetParam().head + "body", kMaxHeaders, head);
  EXPECT_FALSE(outcome.fault);
  EXPECT_EQ(outcome.bytes, GetParam().head.size());
}

TEST_P(RefusedHeadTest, IsMalformed) {
  RequestHead head;
  EXPECT_EQ(ParseHead(GetParam().head, kMaxHeaders, head).fault, Fault::kMalformed);
}

INSTANTIATE_TEST_SUITE_P(RequestLine, AcceptedHeadTest,
                         testing::Values(Case{"Plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"OldVersionWithoutHost", "GET / HTTP/1.0\r\n\r\n"},
                                         Case{"UnknownMethod", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"AbsoluteForm", "GET http://a:8000/x HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"AsteriskForOptions", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(Field, AcceptedHeadTest,
                         testing::Values(Case{"EmptyHost", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
                                         Case{"NoSpaceAfterColon", With("A:b")}, Case{"EmptyValue", With("A:")},
                                         Case{"TabInValue", With("A: b\tc")}, Case{"Latin1InValue", With("A: caf\xe9")},
                                         Case{"Utf8InValue", With("A: caf\xc3\xa9")},
                                         Case{"AddressAsHost", "GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n"},
                                         Case{"UnknownExpectation", With("Expect: miracles")},
                                         Case{"ChunkedInCapitals", With("Transfer-Encoding: CHUNKED")},
                                         Case{"LengthWithZeros", With("Content-Length: 0004")}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(RequestLine, RefusedHeadTest,
                         testing::Values(Case{"Http09", "GET /\r\n\r\n"},
                                         Case{"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                                         Case{"LaterMinorVersion", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
                                         Case{"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"SpaceBeforeLineEnd", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
                                         Case{"TabInsteadOfSpace", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"BareLineFeed", "GET / HTTP/1.1\nHost: a\n\n"},
                                         Case{"BareReturnInTarget", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"NulInTarget", std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29)},
                                         Case{"RawByteInTarget", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"FragmentInTarget", "GET /#top HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"RelativeTarget", "GET index HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"AsteriskForGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"AuthorityForm", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"OtherScheme", "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"UserInAbsoluteForm", "GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"NoHostInAbsoluteForm", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
                                         Case{"NoMethod", " / HTTP/1.1\r\nHost: a\r\n\r\n"}),
                         NameOf);

INSTANTIATE_TEST_SUITE_P(
    Field, RefusedHeadTest,
    testing::Values(Case{"NoHost", "GET / HTTP/1.1\r\nA: b\r\n\r\n"}, Case{"TwoHosts", With("Host: a")},
                    Case{"SpaceInHost", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
                    Case{"PathInHost", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"}, Case{"SpaceBeforeColon", With("A : b")},
                    Case{"SpaceInName", With("A B: c")}, Case{"NoColon", With("A")}, Case{"NoName", With(": b")},
                    Case{"NonAsciiName", With("\xc3\xa9: b")}, Case{"NulInName", With(std::string("A\0B: c", 6))},
                    Case{"NulInValue", With(std::string("A: \0", 4))}, Case{"DeleteInValue", With("A: \x7f")},
                    Case{"BareReturnInValue", With("A: b\rc")}, Case{"BareLineFeedInValue", With("A: b\nc: d")},
                    Case{"SpaceBeforeFirstField", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
                    Case{"FoldedValue", With("A: b\r\n c")}, Case{"FoldedValueByTab", With("A: b\r\n\tc")},
                    Case{"FoldedFromTheStart", With("A:\r\n b")}, Case{"FoldedToNothing", With("A: b\r\n ")},
                    Case{"EmptyFold", With("A:\r\n ")}, Case{"FoldedLength", With("Content-Length: 1\r\n 0")}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Framing, RefusedHeadTest,
    testing::Values(Case{"LengthTwice", With("Content-Length: 4\r\nContent-Length: 4")},
                    Case{"LengthsThatDiffer", With("Content-Length: 4\r\nContent-Length: 5")},
                    Case{"LengthList", With("Content-Length: 4, 4")}, Case{"SignedLength", With("Content-Length: +4")},
                    Case{"NegativeLength", With("Content-Length: -4")}, Case{"HexLength", With("Content-Length: 0x4")},
                    Case{"EmptyLength", With("Content-Length:")}, Case{"FractionalLength", With("Content-Length: 4.0")},
                    Case{"LengthWithSpace", With("Content-Length: 4 4")},
                    Case{"LengthPast64Bits", With("Content-Length: 18446744073709551616")},
                    Case{"LengthAndChunked", With("Content-Length: 4\r\nTransfer-Encoding: chunked")},
                    Case{"ChunkedAndLength", With("Transfer-Encoding: chunked\r\nContent-Length: 4")},
                    Case{"ChunkedTwice", With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
                    Case{"ChunkedListedTwice", With("Transfer-Encoding: chunked, chunked")},
                    Case{"GzipThenChunked", With("Transfer-Encoding: gzip, chunked")},
                    Case{"ChunkedThenIdentity", With("Transfer-Encoding: chunked, identity")},
                    Case{"IdentityTransfer", With("Transfer-Encoding: identity")},
                    Case{"AlmostChunked", With("Transfer-Encoding: xchunked")},
                    Case{"QuotedChunked", With("Transfer-Encoding: \"chunked\"")},
                    Case{"ChunkedWithParameter", With("Transfer-Encoding: chunked;q=1")},
                    Case{"EmptyTransferEncoding", With("Transfer-Encoding:")},
                    Case{"VerticalTabBeforeChunked", With("Transfer-Encoding: \vchunked")},
                    Case{"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"}),
    NameOf);

TEST(HeadParserTest, SplitsTheTarget) {
  RequestHead head;
  ASSERT_NE(ParseHead("GET /a/b?c=d?e HTTP/1.1\r\nHost: a\r\n\r\n", kMaxHeaders, head).bytes, 0U);
  EXPECT_EQ(head.method, Method::kGet);
  EXPECT_EQ(head.path, "/a/b");
  EXPECT_EQ(head.query, "c=d?e");
  ASSERT_NE(ParseHead("GET HTTPS://a?c HTTP/1.1\r\nHost: b\r\n\r\n", kMaxHeaders, head).bytes, 0U);
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.query, "c");
}

TEST(HeadParserTest, ValuesComeWithoutSurroundingSpace) {
  RequestHead head;
  const std::string text = With("X-Thing: \t a b \t ");
  ASSERT_NE(ParseHead(text, kMaxHeaders, head).bytes, 0U);
  ASSERT_EQ(head.headers.size(), 2U);
  EXPECT_EQ(head.headers[1].name, "X-Thing");
  EXPECT_EQ(head.headers[1].value, "a b");
}

TEST(HeadParserTest, KeepAliveFollowsVersionAndConnection) {
  const auto keeps = [](const std::string& head_text) {
    RequestHead head;
    EXPECT_NE(ParseHead(head_text, kMaxHeaders, head).bytes, 0U);
    return head.keep_alive;
  };
  EXPECT_TRUE(keeps(With("A: b")));
  EXPECT_FALSE(keeps(With("Connection: Close")));
  EXPECT_FALSE(keeps(With("Connection: keep-alive, close")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(HeadParserTest, ContentCodingsAreTold) {
  const auto coding = [](const std::string& fields) {
    RequestHead head;
    EXPECT_NE(ParseHead(With(fields), kMaxHeaders, head).bytes, 0U);
    return head.coding;
  };
  EXPECT_EQ(coding("A: b"), ContentCoding::kIdentity);
  EXPECT_EQ(coding("Content-Encoding: Identity"), ContentCoding::kIdentity);
  EXPECT_EQ(coding("Content-Encoding: GZIP"), ContentCoding::kGzip);
  EXPECT_EQ(coding("Content-Encoding: x-gzip"), ContentCoding::kGzip);
  EXPECT_EQ(coding("Content-Encoding: br"), ContentCoding::kOther);
  EXPECT_EQ(coding("Content-Encoding: gzip, gzip"), ContentCoding::kOther);
  EXPECT_EQ(coding("Content-Encoding: gzip\r\nContent-Encoding: gzip"), ContentCoding::kOther);
}

TEST(HeadParserTest, TooManyFieldsAreTooLarge) {
  std::string fields = "A: 1";
  for (std::size_t i = 2; i < kMaxHeaders; ++i) fields += "\r\nA: " + std::to_string(i);
  RequestHead head;
  EXPECT_NE(ParseHead(With(fields), kMaxHeaders, head).bytes, 0U);
  EXPECT_EQ(ParseHead(With(fields + "\r\nA: b"), kMaxHeaders, head).fault, Fault::kHeaderTooLarge);
}

TEST(HeadParserTest, NothingIsLeftOfThePreviousHead) {
  RequestHead head;
  ASSERT_NE(
      ParseHead(With("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nContent-Encoding: gzip"), kMaxHeaders, head)
          .bytes,
      0U);
  ASSERT_NE(ParseHead("GET / HTTP/1.0\r\n\r\n", kMaxHeaders, head).bytes, 0U);
  EXPECT_TRUE(head.headers.empty());
  EXPECT_FALSE(head.chunked || head.expects_continue || head.http_1_1);
  EXPECT_EQ(head.coding, ContentCoding::kIdentity);
  EXPECT_EQ(head.content_length, 0U);
}

}  // namespace
}  // namespace audit::http
