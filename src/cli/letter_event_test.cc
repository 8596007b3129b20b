#include "cli/letter_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace audit::cli {
namespace {

constexpr std::string_view kData = R"({"actor":{"id":"ann"},"action":"read","outcome":"success"})";

dead_letters::DeadLetter Letter(std::string_view value, const std::vector<event::MessageHeader>& headers) {
  return {.reason = "rejected: x",
          .origin = "events",
          .key = std::nullopt,
          .value = value,
          .ingested_at = {1},
          .headers = headers};
}

TEST(LetterEventTest, AStructuredEventIsTheLettersOwnBytes) {
  const std::vector<event::MessageHeader> headers{{"content-type", "application/cloudevents+json"}};
  EXPECT_EQ(*EventOf(Letter("{ not even JSON", headers)), "{ not even JSON");
  EXPECT_EQ(*EventOf(Letter("", {})), "");
}

TEST(LetterEventTest, AnEventInBinaryModeHasItsAttributesFromTheHeaders) {
  const std::vector<event::MessageHeader> headers{
      {"ce_specversion", "1.0"},           {"ce_id", "b1"},    {"ce_source", "/registry"}, {"ce_type", "t"},
      {"ce_time", "1971-11-24T10:00:00Z"}, {"x-more", "left"}, {"null", std::nullopt}};
  const Result<std::string> event = EventOf(Letter(kData, headers));
  ASSERT_TRUE(event.ok()) << event.error().message();
  EXPECT_EQ(*event,
            R"({"specversion":"1.0","id":"b1","source":"/registry","type":"t","time":"1971-11-24T10:00:00Z","data":)" +
                std::string(kData) + "}");
}

TEST(LetterEventTest, WhatIsNoEventSaysWhy) {
  const std::vector<event::MessageHeader> headers{{"ce_specversion", "1.0"}, {"ce_id", "b1"}, {"ce_type", "t"}};
  const Result<std::string> event = EventOf(Letter(kData, headers));
  ASSERT_FALSE(event.ok());
  EXPECT_THAT(event.error().message(), testing::StartsWith("source: is missing"));
  // Data that would close the event and open others is no way around the rules.
  EXPECT_FALSE(EventOf(Letter(R"({},"source":"/forged","data":)" + std::string(kData), headers)).ok());
}

}  // namespace
}  // namespace audit::cli
