#include "event/trace_context.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace audit::event {
namespace {

std::optional<std::string> TraceIdIn(std::string_view traceparent) {
  const auto trace_id = ParseTraceparent(traceparent);
  if (!trace_id) return std::nullopt;
  return std::string(trace_id->begin(), trace_id->end());
}

TEST(TraceContext, GivesTheTraceIdInLowerCase) {
  constexpr std::string_view kTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(TraceIdIn("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), kTraceId);
  EXPECT_EQ(TraceIdIn("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01"), kTraceId);
}

TEST(TraceContext, LaterVersionsMayBeLonger) {
  EXPECT_TRUE(TraceIdIn("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(TraceIdIn("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
  EXPECT_FALSE(TraceIdIn("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more"));
}

TEST(TraceContext, RefusesWhatIsMalformedOrZero) {
  constexpr std::string_view kCases[] = {
      "",
      "00",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
      "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "fF-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
      "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bz-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0z",
      "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
      "00-4bf92f3577b34da6a3ce929d0e0e47360-0f067aa0ba902b7-01",
  };
  for (const auto text : kCases) EXPECT_FALSE(TraceIdIn(text)) << text;
}

}  // namespace
}  // namespace audit::event
