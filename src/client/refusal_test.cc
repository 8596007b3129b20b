#include "client/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace audit::client {
namespace {

using testing::HasSubstr;

TEST(Refusal, PathOfABatchIsTakenApartIntoEventAndField) {
  const auto refusals = ParseRefusals(422, R"({"response":null,"errors":[
      {"errorCode":"AUD-002","message":"must be a string","path":"events[3].data.actor.id"},
      {"errorCode":"AUD-008","message":"too large","path":"events[12]"}]})");
  ASSERT_EQ(refusals.size(), 2U);
  EXPECT_EQ(refusals[0].event, 3U);
  EXPECT_EQ(refusals[0].path, "data.actor.id");
  EXPECT_EQ(Describe(refusals[0]), "AUD-002 data.actor.id: must be a string");
  EXPECT_EQ(refusals[1].event, 12U);
  EXPECT_EQ(Describe(refusals[1]), "AUD-008 too large");
}

TEST(Refusal, ErrorOfTheWholeRequestNamesNoEvent) {
  const auto refusals =
      ParseRefusals(400, R"({"errors":[{"errorCode":"AUD-007","message":"more than 500 events","path":"events"}]})");
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].event, std::nullopt);
  EXPECT_EQ(refusals[0].path, "events");
}

TEST(Refusal, PathThatOnlyLooksLikeAnIndexIsKeptWhole) {
  for (const char* path : {"events[]", "events[x].id", "events[1", "events[99999999999999999999].id"}) {
    const auto refusals = ParseRefusals(
        422, R"({"errors":[{"errorCode":"AUD-002","message":"m","path":")" + std::string(path) + R"("}]})");
    ASSERT_EQ(refusals.size(), 1U) << path;
    EXPECT_EQ(refusals[0].event, std::nullopt) << path;
    EXPECT_EQ(refusals[0].path, path);
  }
}

TEST(Refusal, AnswerOfSomethingElseIsQuotedOnOneLine) {
  const auto refusals = ParseRefusals(404, "<html>\n<title>Not here</title>");
  ASSERT_EQ(refusals.size(), 1U);
  EXPECT_EQ(refusals[0].code, "");
  EXPECT_EQ(refusals[0].message, "HTTP 404 with: <html> <title>Not here</title>");
  EXPECT_EQ(ParseRefusals(502, "")[0].message, "HTTP 502 with an empty body");
  EXPECT_THAT(ParseRefusals(200, R"({"errors":[]})")[0].message, HasSubstr("HTTP 200"));
}

}  // namespace
}  // namespace audit::client
