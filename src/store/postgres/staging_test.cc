#include "store/postgres/staging.h"

#include <gmock/gmock.h>

#include <numeric>

#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

using testing::HasSubstr;

class DuplicatesTest : public testing::Test {
 protected:
  void Stage(std::vector<SampleEvent> events) {
    events_ = std::move(events);
    for (const SampleEvent& event : events_) records_.push_back(event.record());
    piece_.resize(events_.size());
    std::iota(piece_.begin(), piece_.end(), 0U);
    duplicates_.emplace(records_, piece_);
  }
  void Inserted(const SampleEvent& event) { duplicates_->AddInserted(event.id, event.occurred_at); }

  std::vector<SampleEvent> events_;
  std::vector<event::Record> records_;
  std::vector<std::uint32_t> piece_;
  std::optional<Duplicates> duplicates_;
};

TEST_F(DuplicatesTest, OnlyWhatDidNotGetInOrOccursTwiceIsAsked) {
  Stage({Numbered(1), Numbered(2), Numbered(3), Numbered(3)});
  Inserted(Numbered(1));
  Inserted(Numbered(3));
  EXPECT_EQ(duplicates_->ordinals(), "{1,2,3}");
  EXPECT_EQ(duplicates_->range().first, "2026-11-24T10:00:00.000002Z");
  EXPECT_EQ(duplicates_->range().second, "2026-11-24T10:00:00.000003Z");
}

TEST_F(DuplicatesTest, OfTwoEqualOnesTheFirstIsStored) {
  Stage({Numbered(1), Numbered(1)});
  Inserted(Numbered(1));
  EXPECT_EQ(duplicates_->Judge(0, "").outcome, Outcome::kStored);
  EXPECT_EQ(duplicates_->Judge(1, "").outcome, Outcome::kDuplicate);
}

TEST_F(DuplicatesTest, WhicheverOfTwoDifferentOnesGotInTheOtherIsTheConflict) {
  Stage({Numbered(1), Numbered(1), Numbered(1)});
  Inserted(Numbered(1));
  const RecordOutcome conflict = duplicates_->Judge(0, "reason, details");
  EXPECT_EQ(conflict.outcome, Outcome::kConflict);
  EXPECT_THAT(conflict.reason, HasSubstr("reason, details"));
  EXPECT_EQ(duplicates_->Judge(1, "").outcome, Outcome::kStored);
  EXPECT_EQ(duplicates_->Judge(2, "").outcome, Outcome::kDuplicate);
}

TEST_F(DuplicatesTest, WhatWasThereBeforeIsADuplicate) {
  Stage({Numbered(1)});
  EXPECT_EQ(duplicates_->Judge(0, "").outcome, Outcome::kDuplicate);
}

TEST_F(DuplicatesTest, TheSameIdAtAnotherTimeIsAnotherKey) {
  SampleEvent later = Numbered(1);
  later.occurred_at.value += 1;
  Stage({Numbered(1), later});
  Inserted(Numbered(1));
  Inserted(later);
  EXPECT_EQ(duplicates_->ordinals(), "{}");
}

}  // namespace
}  // namespace audit::store::postgres
