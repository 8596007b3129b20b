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
  std::string Completed(std::string_view begin) {
    EXPECT_TRUE(Admit(std::string(begin).append(kRest))) << begin << testing::PrintToString(Violations());
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

TEST_F(CompletionTest, TheTimeOfAnIdIsThatOfReceiptNotOfTheEvent) {
  Completed(R"({"time":"2020-01-01T00:00:00Z",)");
  EXPECT_EQ(id_, kUuid);
}

}  // namespace
}  // namespace audit::event
