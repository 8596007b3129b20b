#include "telemetry/once_in_a_while.h"

#include <gtest/gtest.h>

namespace audit::telemetry {
namespace {

using std::chrono::seconds;

TEST(OnceInAWhile, ATextGoesThroughOncePerIntervalAndSaysHowOftenItDidNot) {
  OnceInAWhile gate(seconds(60));
  const env::SteadyTime start;
  EXPECT_EQ(gate.Ask("down", start), 0U);
  EXPECT_EQ(gate.Ask("down", start + seconds(1)), std::nullopt);
  EXPECT_EQ(gate.Ask("down", start + seconds(59)), std::nullopt);
  EXPECT_EQ(gate.Ask("down", start + seconds(60)), 2U);
  EXPECT_EQ(gate.Ask("down", start + seconds(61)), std::nullopt);
}

TEST(OnceInAWhile, AnotherTextDoesNotWait) {
  OnceInAWhile gate(seconds(60));
  EXPECT_EQ(gate.Ask("one", {}), 0U);
  EXPECT_EQ(gate.Ask("other", {}), 0U);
}

TEST(OnceInAWhile, TextsWithoutEndForgetTheOldest) {
  OnceInAWhile gate(seconds(3'600));
  const env::SteadyTime start;
  for (int i = 0; i < 300; ++i) EXPECT_EQ(gate.Ask(std::to_string(i), start + seconds(i)), 0U);
  EXPECT_EQ(gate.Ask("299", start + seconds(300)), std::nullopt);
  EXPECT_EQ(gate.Ask("0", start + seconds(300)), 0U);
}

}  // namespace
}  // namespace audit::telemetry
