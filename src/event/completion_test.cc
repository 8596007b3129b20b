#include "event/completion.h"

#include <string>
#include <string_view>

#include "event/parser_fixture.h"

namespace audit::event {
namespace {

constexpr std::string_view kRest =
    R"("source":"s","type":"t","data":{"actor":{"id":"a"},"action":"x","outcome":"denied"}})";
// Of kNow, and of the first two random numbers.
constexpr std::string_view kUuid = "019db9c8-397b-7001-8000-000000000000";

class CompletionTest : public ParserFixture {
 protected:
  // What is admitted of an event that begins with `begin` and goes on with kRest.
  std::string Completed(std::string_view begin, std::string_view traceparent = {}) {
    EXPECT_TRUE(Admit(std::string(begin).append(kRest), Parser::Shape::kEvent, traceparent))
        << begin << testing::PrintToString(Violations());
    if (parser_.admitted().empty()) return {};
    id_ = parser_.admitted()[0].id;
    std::string json(parser_.admitted()[0].json);
    EXPECT_TRUE(json.ends_with(kRest));
    return json.substr(0, json.size() - kRest.size());
  }
  std::string id_;
};

TEST_F(CompletionTest, WhatIsAbsentIsPutInFront) {
  EXPECT_EQ(
      Completed("{"),
      std::string(R"({"specversion":"1.0","id":")").append(kUuid).append(R"(","time":"2026-04-23T10:00:00.123456Z",)"));
  EXPECT_EQ(id_, kUuid);
}

TEST_F(CompletionTest, WhatIsThereStays) {
  EXPECT_EQ(Completed(R"({"id":"e\u002d1","time":"2026-04-23 10:00:00+05:30","specversion":"1.0",)"),
            R"({"id":"e\u002d1","time":"2026-04-23 10:00:00+05:30","specversion":"1.0",)");
  EXPECT_EQ(id_, "e-1");
  EXPECT_EQ(randoms_, 0U);
}

TEST_F(CompletionTest, OnlyWhatIsAbsentIsPutIn) {
  EXPECT_EQ(Completed(R"({ "id":"1" , )"), R"({"specversion":"1.0","time":"2026-04-23T10:00:00.123456Z", "id":"1" , )");
  EXPECT_EQ(Completed(R"({"time":"2026-04-23T10:00:00Z","id":"1",)"),
            R"({"specversion":"1.0","time":"2026-04-23T10:00:00Z","id":"1",)");
}

TEST_F(CompletionTest, AnExplicitNullIsReplacedWhereItStands) {
  EXPECT_EQ(Completed(R"({"time": null ,"x":null,"id":null,"specversion":null,)"),
            std::string(R"({"time": "2026-04-23T10:00:00.123456Z" ,"x":null,"id":")")
                .append(kUuid)
                .append(R"(","specversion":"1.0",)"));
  EXPECT_EQ(id_, kUuid);
  EXPECT_EQ(Completed(R"({"\u0069d":null,"time":"2026-04-23T10:00:00Z",)"),
            R"({"specversion":"1.0","\u0069d":"019db9c8-397b-7003-8000-000000000001","time":"2026-04-23T10:00:00Z",)");
}

TEST_F(CompletionTest, EveryEventOfABatchGetsAnIdOfItsOwn) {
  const std::string event = "{" + std::string(kRest);
  ASSERT_TRUE(Admit("[" + event + "," + event + "]", Parser::Shape::kEventsArray));
  EXPECT_NE(parser_.admitted()[0].id, parser_.admitted()[1].id);
  for (const Admitted& admitted : parser_.admitted()) {
    EXPECT_THAT(std::string(admitted.json), testing::HasSubstr(R"("id":")" + std::string(admitted.id) + '"'));
  }
}

constexpr std::string_view kComplete = R"({"specversion":"1.0","id":"1","time":"2026-04-23T10:00:00Z",)";
constexpr std::string_view kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_F(CompletionTest, TheTraceOfTheRequestIsThatOfAnEventWithoutOne) {
  const std::string member = R"("traceparent":")" + std::string(kTrace) + R"(")";
  EXPECT_EQ(Completed(kComplete, kTrace), "{" + member + "," + std::string(kComplete.substr(1)));
  EXPECT_EQ(Completed(std::string(kComplete) + R"("traceparent":null,)", kTrace),
            std::string(kComplete) + member + ",");
}

TEST_F(CompletionTest, TheTraceOfTheEventStaysEvenMalformed) {
  for (const std::string own : {R"("traceparent":"00-1bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",)",
                                R"("traceparent":"?",)", R"("traceparent":7,)"}) {
    EXPECT_EQ(Completed(std::string(kComplete) + own, kTrace), std::string(kComplete) + own);
  }
}

TEST_F(CompletionTest, AMalformedTraceOfTheRequestIsLeftOut) {
  for (const std::string_view trace : {std::string_view("?"), kTrace.substr(1), std::string_view("\",\"x\":\"")}) {
    EXPECT_EQ(Completed(kComplete, trace), kComplete);
  }
}

TEST_F(CompletionTest, WhatALaterVersionAddsToATraceIsLeftOut) {
  const std::string later = "01" + std::string(kTrace.substr(2));
  EXPECT_EQ(Completed(kComplete, later + "-\"\xff"),
            R"({"traceparent":")" + later + R"(",)" + std::string(kComplete.substr(1)));
}

TEST_F(CompletionTest, EveryEventOfABatchWithoutATraceGetsThatOfTheRequest) {
  const std::string own = R"("traceparent":"00-1bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",)";
  const std::string rest(kRest);
  ASSERT_TRUE(Admit("[" + std::string(kComplete) + rest + "," + std::string(kComplete) + own + rest + "]",
                    Parser::Shape::kEventsArray, kTrace));
  EXPECT_THAT(std::string(parser_.admitted()[0].json), testing::HasSubstr(kTrace));
  EXPECT_EQ(parser_.admitted()[1].json, std::string(kComplete) + own + rest);
}

TEST_F(CompletionTest, TheTimeOfAnIdIsThatOfReceiptNotOfTheEvent) {
  Completed(R"({"time":"2020-01-01T00:00:00Z",)");
  EXPECT_EQ(id_, kUuid);
}

}  // namespace
}  // namespace audit::event
