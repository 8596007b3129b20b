#include "store/postgres/parallel_writer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

// Events of "s-0", "s-1", ... in turns, as records.
class Events {
 public:
  Events(int first, int count, int keys) : samples_(NumberedEvents(first, count)) {
    for (int i = 0; i < count; ++i) samples_[static_cast<std::size_t>(i)].subject = "s-" + std::to_string(i % keys);
    for (const SampleEvent& sample : samples_) records_.push_back(sample.record());
  }
  [[nodiscard]] std::span<const event::Record> records() const { return records_; }
  [[nodiscard]] Share places() const {
    Share places(records_.size());
    std::iota(places.begin(), places.end(), 0U);
    return places;
  }

 private:
  std::vector<SampleEvent> samples_;
  std::vector<event::Record> records_;
};

// Two writers that wait at a gate, and remember what they wrote.
class ParallelWriterTest : public testing::Test {
 protected:
  Result<void> WriteShare(std::size_t writer, std::span<const event::Record> records,
                          std::span<const std::uint32_t> places, std::span<RecordOutcome> outcomes) {
    const env::MutexLock lock(mutex_);
    ++entered_[writer];
    changed_.NotifyAll();
    while (open_[writer] == 0) changed_.Wait(mutex_);
    --open_[writer];
    if (fail_.contains(std::string(records[places.front()].id))) return Error(ErrorCode::kLocked, "in the way");
    for (const std::uint32_t place : places) {
      written_[std::string(records[place].key())].emplace_back(records[place].id);
      outcomes[place] = {Outcome::kDuplicate, "seen"};
    }
    return {};
  }
  void Open(std::size_t writer, int times) {
    const env::MutexLock lock(mutex_);
    open_[writer] += times;
    changed_.NotifyAll();
  }
  void Fail(const Events& events) {
    const env::MutexLock lock(mutex_);
    for (const event::Record& record : events.records()) fail_.emplace(record.id);
  }
  // Whether `writer` has been given its n-th share.
  bool Entered(std::size_t writer, int times) {
    const env::MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (entered_[writer] < times) {
      if (!changed_.WaitUntil(mutex_, deadline)) return false;
    }
    return true;
  }
  int EnteredSoFar(std::size_t writer) {
    const env::MutexLock lock(mutex_);
    return entered_[writer];
  }
  void Begin(const Events& events) {
    writer_.Begin(events.records(), events.places(), std::vector<RecordOutcome>(events.records().size()));
  }

  void BeginBoth() {
    Begin(first_);
    Begin(second_);
  }

  const Events first_{1'000, 20, 10};
  const Events second_{1'100, 20, 10};
  env::Mutex mutex_;
  env::Condition changed_;
  int open_[2] GUARDED_BY(mutex_) = {0, 0};
  int entered_[2] GUARDED_BY(mutex_) = {0, 0};
  std::map<std::string, std::vector<std::string>> written_ GUARDED_BY(mutex_);
  std::set<std::string> fail_ GUARDED_BY(mutex_);  // the first ids of shares
  ParallelWriter writer_{2, [this](std::size_t writer, auto records, auto places, auto outcomes) {
                           return WriteShare(writer, records, places, outcomes);
                         }};
};

TEST_F(ParallelWriterTest, AWriterThatIsDoneTakesTheNextBatchWhileTheOtherIsAtTheOneBefore) {
  BeginBoth();
  Open(0, 1);
  EXPECT_TRUE(Entered(0, 2));
  EXPECT_TRUE(Entered(1, 1));
  EXPECT_EQ(EnteredSoFar(1), 1);
  Open(0, 1);
  Open(1, 2);
  ASSERT_TRUE(writer_.Finish().ok());
  const auto outcomes = writer_.Finish();
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(outcomes->size(), 20U);
  EXPECT_TRUE(std::ranges::all_of(*outcomes, [](const RecordOutcome& each) { return each.reason == "seen"; }));
  const env::MutexLock lock(mutex_);
  EXPECT_EQ(written_.size(), 10U);
  for (const auto& [key, ids] : written_) {
    EXPECT_EQ(ids.size(), 4U) << key;
    EXPECT_TRUE(std::ranges::is_sorted(ids)) << key;
  }
}

TEST_F(ParallelWriterTest, WhatIsNotAtThePlacesKeepsItsAnswer) {
  const Events events(0, 3, 3);
  Open(0, 1);
  Open(1, 1);
  std::vector<RecordOutcome> outcomes(3);
  outcomes[1] = {Outcome::kRejected, "too old"};
  writer_.Begin(events.records(), {0, 2}, std::move(outcomes));
  const auto finished = writer_.Finish();
  ASSERT_TRUE(finished.ok());
  EXPECT_EQ((*finished)[0].reason, "seen");
  EXPECT_EQ((*finished)[1].reason, "too old");
  EXPECT_EQ((*finished)[2].reason, "seen");
}

TEST_F(ParallelWriterTest, ABatchWithoutPlacesIsFinishedAtOnce) {
  writer_.Begin({}, {}, {});
  EXPECT_TRUE(writer_.Finish().ok());
}

TEST_F(ParallelWriterTest, NothingOvertakesAShareThatFailed) {
  BeginBoth();
  Fail(first_);
  Open(0, 2);  // they could go on
  ASSERT_TRUE(Entered(0, 1));
  Open(1, 2);
  const auto failed = writer_.Finish();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kLocked) << "the writer's own error, not what came of it";
  // The second batch is abandoned; the repeated first one is the next.
  {
    const env::MutexLock lock(mutex_);
    EXPECT_TRUE(written_.empty());
    fail_.clear();
  }
  Begin(first_);
  Open(0, 1);
  Open(1, 1);
  EXPECT_TRUE(writer_.Finish().ok());
}

TEST_F(ParallelWriterTest, ABatchBeforeTheOneThatFailedIsFinished) {
  BeginBoth();
  Fail(second_);
  Open(0, 2);  // fails in the second while the other has not begun the first
  ASSERT_TRUE(Entered(0, 2));
  Open(1, 2);
  EXPECT_TRUE(writer_.Finish().ok());
  const auto failed = writer_.Finish();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kLocked);
}

TEST_F(ParallelWriterTest, AbandonWaitsForWhatIsBeingWrittenAndForgetsTheRest) {
  BeginBoth();
  ASSERT_TRUE(Entered(0, 1));
  ASSERT_TRUE(Entered(1, 1));
  Open(0, 1);
  Open(1, 1);
  ASSERT_TRUE(Entered(0, 2));
  std::thread opener([this] {
    Open(0, 1);
    Open(1, 1);
  });
  writer_.Abandon();
  opener.join();
  const Events third(1'200, 20, 10);
  Begin(third);
  Open(0, 1);
  Open(1, 1);
  EXPECT_TRUE(writer_.Finish().ok());
}

TEST_F(ParallelWriterTest, ABatchThatIsNotDividedWaitsForThoseBefore) {
  std::vector<SampleEvent> samples = NumberedEvents(100, 2);  // one id and time under two keys
  samples[0].subject = "a";
  samples[1] = samples[0];
  for (int i = 0; !DivideByKey(std::vector{samples[0].record(), samples[1].record()}, {0, 1}, 2).undivided; ++i) {
    samples[1].subject = "b-" + std::to_string(i);
  }
  const std::vector<event::Record> records{samples[0].record(), samples[1].record()};
  Begin(first_);
  ASSERT_TRUE(Entered(0, 1));
  ASSERT_TRUE(Entered(1, 1));
  Open(0, 1);  // the first writer is free, the second is not
  std::thread opener([this] { Open(1, 1); });
  writer_.Begin(records, {0, 1}, std::vector<RecordOutcome>(2));
  {
    const env::MutexLock lock(mutex_);
    std::size_t rows = 0;
    for (const auto& [key, ids] : written_) rows += ids.size();
    EXPECT_EQ(rows, 20U) << "all of the first batch";
  }
  opener.join();
  Open(0, 1);
  EXPECT_TRUE(writer_.Finish().ok());
  EXPECT_TRUE(writer_.Finish().ok());
}

}  // namespace
}  // namespace audit::store::postgres
