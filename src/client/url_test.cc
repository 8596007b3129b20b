#include "client/url.h"

#include <gtest/gtest.h>

namespace audit::client {
namespace {

TEST(Url, TakesHostPortAndBasePathApart) {
  const Result<Url> url = ParseUrl("https://audit.example.org:8443/behind/a/proxy/");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "audit.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/behind/a/proxy");
  EXPECT_EQ(url->ToString(), "https://audit.example.org:8443/behind/a/proxy");
}

TEST(Url, PortFollowsTheSchemeAndIsLeftOutOfTheHostHeader) {
  EXPECT_EQ(ParseUrl("http://host")->port, 80);
  EXPECT_EQ(ParseUrl("https://host/")->port, 443);
  EXPECT_EQ(ParseUrl("https://host/")->Authority(), "host");
  EXPECT_EQ(ParseUrl("http://host:8000")->Authority(), "host:8000");
}

TEST(Url, AddressOfVersionSixKeepsItsBracketsInTheHostHeaderOnly) {
  const Result<Url> url = ParseUrl("http://[::1]:8000");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8000);
  EXPECT_EQ(url->Authority(), "[::1]:8000");
}

TEST(Url, WhatCannotBeReachedIsRefusedWithTheReason) {
  const struct {
    std::string_view text;
    std::string_view reason;
  } cases[] = {
      {"127.0.0.1:8000", "must begin with http:// or https://"},
      {"ftp://host", "must begin with"},
      {"http://", "has no host"},
      {"http://:8000", "has no host"},
      {"http://host:0", "the port must be 1 to 65535"},
      {"http://host:65536", "the port must be 1 to 65535"},
      {"http://host:80x", "the port must be 1 to 65535"},
      {"http://[::1", "is not closed"},
      {"http://me:secret@host", "must not have a user name"},
      {"http://host/?a=b", "must not have a query"},
      {"http://host/a b", "holds a blank"},
      {"http://host/\r\nX: y", "holds a blank"},
  };
  for (const auto& [text, reason] : cases) {
    const Result<Url> url = ParseUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_NE(url.error().message().find(reason), std::string::npos) << url.error().message();
    EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace audit::client
