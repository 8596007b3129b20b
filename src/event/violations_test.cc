#include "event/violations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>

namespace audit::event {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

TEST(Violations, PathsBeginWithTheEvent) {
  Violations violations;
  violations.Add(Refusal::kInvalid, "id", "a");
  violations.SetEvent(3);
  violations.Add(Refusal::kInvalid, "data.actor.id", "b");
  violations.Add(Refusal::kInvalid, "", "c");
  EXPECT_THAT(violations.list(),
              ElementsAre(Field(&Violation::path, "id"), Field(&Violation::path, "events[3].data.actor.id"),
                          Field(&Violation::path, "events[3]")));
}

TEST(Violations, KeepsTheFirstTwenty) {
  Violations violations;
  for (std::size_t i = 0; i < 3 * kMaxViolations; ++i) violations.Add(Refusal::kInvalid, "", std::to_string(i));
  ASSERT_THAT(violations.list(), SizeIs(kMaxViolations));
  EXPECT_EQ(violations.list().front().message, "0");
}

TEST(Violations, AGraverRefusalReplacesAMilderOneAndNotTheOtherWayRound) {
  constexpr Refusal kFromMildToGrave[] = {Refusal::kInvalid, Refusal::kEventTooLarge, Refusal::kTooManyEvents,
                                          Refusal::kNotJson};
  for (std::size_t i = 0; i < std::size(kFromMildToGrave); ++i) {
    for (std::size_t j = i + 1; j < std::size(kFromMildToGrave); ++j) {
      const Refusal mild = kFromMildToGrave[i];
      const Refusal grave = kFromMildToGrave[j];
      Violations violations;
      violations.Add(mild, "", "mild");
      violations.Add(grave, "", "grave");
      violations.Add(mild, "", "mild again");
      EXPECT_EQ(violations.refusal(), grave);
      EXPECT_THAT(violations.list(), ElementsAre(Field(&Violation::message, "grave")));
    }
  }
}

TEST(Violations, ClearForgetsEverything) {
  Violations violations;
  violations.SetEvent(1);
  violations.Add(Refusal::kNotJson, "", "a");
  violations.Clear();
  EXPECT_TRUE(violations.empty());
  violations.Add(Refusal::kInvalid, "id", "b");
  EXPECT_EQ(violations.refusal(), Refusal::kInvalid);
  EXPECT_THAT(violations.list(), ElementsAre(Field(&Violation::path, "id")));
}

}  // namespace
}  // namespace audit::event
