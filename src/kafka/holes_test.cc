#include "kafka/holes.h"

#include <gtest/gtest.h>

#include "kafka/broker_error.h"

namespace audit::kafka {
namespace {

void ExpectHole(const std::optional<Hole>& hole, std::int64_t first, std::int64_t last) {
  ASSERT_TRUE(hole.has_value());
  EXPECT_EQ(hole->first, first);
  EXPECT_EQ(hole->last, last);
  EXPECT_EQ(hole->partition, 3);
  EXPECT_FALSE(hole->cause.empty());
}

TEST(HolesTest, WhatTheLogNoLongerBeginsWithIsAHole) {
  ExpectHole(FindHole(3, 10, 25, {.low = 25, .high = 40}, false), 10, 24);
  // The log has begun even later since the message was fetched.
  ExpectHole(FindHole(3, 10, 25, {.low = 30, .high = 40}, false), 10, 24);
  // Behind the hole a gap that is none.
  ExpectHole(FindHole(3, 10, 25, {.low = 20, .high = 40}, false), 10, 19);
}

TEST(HolesTest, AGapInsideTheLogIsNone) {
  EXPECT_FALSE(FindHole(3, 10, 12, {.low = 0, .high = 40}, false).has_value());
  EXPECT_FALSE(FindHole(3, 10, 12, {.low = 10, .high = 40}, false).has_value());
}

TEST(HolesTest, AJumpToTheEndIsAHole) { ExpectHole(FindHole(3, 10, 35, {.low = 0, .high = 40}, true), 10, 34); }

TEST(HolesTest, ALogThatEndsBeforeWhatWasReadIsAHole) {
  ExpectHole(FindHole(3, 100, 0, {.low = 0, .high = 5}, false), 5, 99);
}

TEST(HolesTest, ReadingAgainIsNone) { EXPECT_FALSE(FindHole(3, 10, 5, {.low = 0, .high = 40}, false).has_value()); }

TEST(BrokerErrorTest, OnlyWhatTheMessageItselfIsIsItsFault) {
  EXPECT_EQ(BlameFor(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Blame::kMessage);
  EXPECT_EQ(BlameFor(RD_KAFKA_RESP_ERR_INVALID_MSG), Blame::kMessage);
  EXPECT_EQ(BlameFor(RD_KAFKA_RESP_ERR_INVALID_RECORD), Blame::kMessage);
  EXPECT_EQ(BlameFor(RD_KAFKA_RESP_ERR__PURGE_QUEUE), Blame::kBystander);
  for (const auto code : {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                          RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                          RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_UNKNOWN}) {
    EXPECT_EQ(BlameFor(code), Blame::kEnvironment) << rd_kafka_err2name(code);
  }
}

TEST(BrokerErrorTest, AnErrorSaysWhatToDoAboutIt) {
  const Error error = BrokerError(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "publish to t");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(error.message().starts_with("publish to t: "));
  EXPECT_TRUE(error.message().ends_with("docs/kafka.md lists what is needed"));
}

TEST(BrokerErrorTest, AMissingRightComesWithTheCommandThatGrantsIt) {
  const Error error = BrokerError(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "publish to t", {}, {"Write", "t"});
  EXPECT_NE(error.message().find("--operation Write --topic t"), std::string::npos);
  // Of another kind of error it says nothing.
  const Error other = BrokerError(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, "publish to t", {}, {"Write", "t"});
  EXPECT_EQ(other.message().find("kafka-acls"), std::string::npos);
}

}  // namespace
}  // namespace audit::kafka
