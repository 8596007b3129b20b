#include "pipeline/persister.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "env/manual_clock.h"

namespace audit::pipeline {
namespace {

using std::chrono::milliseconds;

std::string EventJson(const std::string& id, const std::string& actor = "u-1") {
  return R"({"specversion":"1.0","id":")" + id +
         R"(","source":"/registry","type":"t","time":"2026-11-24T10:00:00Z","data":{"actor":{"id":")" + actor +
         R"("},"action":"login","outcome":"success"}})";
}

// Holds the interface's demands: nothing is given twice without Rewind, Commit needs a Fetch.
class FakeSource final : public EventSource {
 public:
  void Add(const std::string& value) { log_.push_back({value + std::string(kValuePadding, ' '), now}); }

  Result<std::span<const SourcedEvent>> Fetch(std::size_t max_events, std::size_t /*max_bytes*/) override {
    views_.clear();
    while (next_ < log_.size() && views_.size() < max_events) {
      views_.push_back(View(next_));
      ++next_;
    }
    return std::span<const SourcedEvent>(views_);
  }
  std::span<const SourcedEvent> LookAhead(std::size_t max_events, std::size_t /*max_bytes*/) override {
    ahead_views_.clear();
    while (looks_ahead && next_ + ahead_views_.size() < log_.size() && ahead_views_.size() < max_events) {
      ahead_views_.push_back(View(next_ + ahead_views_.size()));
    }
    return ahead_views_;
  }
  // What was not fetched yet is gone, as with a topic that is made anew.
  void LoseTheRest() { log_.resize(next_); }
  Result<void> Commit() override {
    if (!ours) return Error(ErrorCode::kClosed, "another member of the group has it");
    if (fail_commits > 0) {
      --fail_commits;
      return Error(ErrorCode::kIo, "no commit");
    }
    EXPECT_GE(next_, committed);
    committed = next_;
    return {};
  }
  void Rewind() override {
    next_ = committed;
    ours = true;
  }
  bool StillOurs() override {
    ++asked;
    return ours;
  }

  std::vector<event::MessageHeader> headers;
  std::int64_t now = 1'000;
  bool looks_ahead = false;
  bool ours = true;  // false: a rebalance took away what was fetched
  int asked = 0;
  int fail_commits = 0;
  std::size_t committed = 0;

 private:
  struct Entry {
    std::string padded;
    std::int64_t ingested_at = 0;
  };

  [[nodiscard]] SourcedEvent View(std::size_t at) const {
    const Entry& entry = log_[at];
    return {.value = std::string_view(entry.padded).substr(0, entry.padded.size() - kValuePadding),
            .origin = "spool",
            .offset = at + 1,
            .ingested_at = {entry.ingested_at},
            .headers = headers};
  }

  std::deque<Entry> log_;
  std::size_t next_ = 0;
  std::vector<SourcedEvent> views_;
  std::vector<SourcedEvent> ahead_views_;
};

class FakeStore final : public store::AuditStore {
 public:
  void Begin(std::span<const event::Record> records) override {
    begun.push_back(records);
    most_begun = std::max(most_begun, begun.size());
  }
  void Abandon() override { begun.clear(); }
  Result<std::vector<store::RecordOutcome>> Finish() override {
    const std::span<const event::Record> records = begun.front();
    begun.pop_front();
    ++writes;
    if (fail_writes > 0) {
      --fail_writes;
      begun.clear();
      return Error(ErrorCode::kUnavailable, "store is away");
    }
    std::vector<store::RecordOutcome> outcomes;
    for (const event::Record& record : records) {
      const std::string id(record.id);
      const std::string content(record.actor_id);
      store::RecordOutcome outcome;
      if (rejected.contains(id)) {
        outcome = {store::Outcome::kRejected, "too old"};
      } else if (const auto [row, fresh] = rows.emplace(id, content); !fresh) {
        outcome.outcome = row->second == content ? store::Outcome::kDuplicate : store::Outcome::kConflict;
        outcome.reason = "another event has this id and time";
      }
      outcomes.push_back(outcome);
    }
    return outcomes;
  }
  Result<std::vector<std::string>> MaintainPartitions(time::UnixMicros, int, int) override {
    return std::vector<std::string>{};
  }

  std::deque<std::span<const event::Record>> begun;
  std::size_t most_begun = 0;
  int fail_writes = 0;
  int writes = 0;
  std::set<std::string> rejected;
  std::map<std::string, std::string> rows;
};

class FakeDeadLetters final : public dead_letters::DeadLetterQueue {
 public:
  Result<void> Put(std::span<const dead_letters::DeadLetter> letters, time::UnixMicros /*now*/) override {
    if (fail_puts > 0) {
      --fail_puts;
      return Error(ErrorCode::kNoSpace, "disk full");
    }
    for (const auto& letter : letters) {
      reasons.emplace(letter.offset, std::string(letter.reason));
      values.emplace(letter.offset, std::string(letter.value));
      keys.emplace(letter.offset, std::string(letter.key.value_or("")));
    }
    return {};
  }

  int fail_puts = 0;
  std::map<std::uint64_t, std::string> reasons;
  std::map<std::uint64_t, std::string> values;
  std::map<std::uint64_t, std::string> keys;
};

class Watcher final : public PersisterObserver {
 public:
  void OnBatch(std::size_t stored_now, std::size_t duplicates_now, std::size_t conflicts_now, std::size_t rejected_now,
               std::chrono::nanoseconds /*took*/) override {
    ++batches;
    stored += stored_now;
    duplicates += duplicates_now;
    conflicts += conflicts_now;
    rejected += rejected_now;
  }
  void OnDeadLetter(std::string_view, std::string_view, std::string_view, std::string_view trace_id,
                    std::uint64_t) override {
    ++letters;
    trace_ids.emplace_back(trace_id);
  }
  std::vector<std::string> trace_ids;
  void OnUnavailable(const Error& /*error*/, milliseconds retry_in) override { waits.push_back(retry_in); }
  void OnAvailableAgain() override { ++available_again; }

  std::size_t batches = 0, stored = 0, duplicates = 0, conflicts = 0, rejected = 0, letters = 0, available_again = 0;
  std::vector<milliseconds> waits;
};

class PersisterTest : public testing::Test {
 protected:
  // Steps until nothing moves, going forward in time over every wait.
  void RunUntilIdle() {
    for (int i = 0; i < 1'000; ++i) {
      const Step step = persister_.Run();
      if (step.progressed) continue;
      if (!step.not_before) return;
      clock_.Advance(*step.not_before - clock_.SteadyNow());
    }
    FAIL() << "the persister does not come to rest";
  }

  env::ManualClock clock_{{1'700'000'000'000'000}};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  FakeSource source_;
  FakeStore store_;
  FakeDeadLetters letters_;
  Watcher watcher_;
  Persister persister_{source_,  store_, letters_, clock_, *random_, PersisterOptions{.batch_max_events = 10},
                       &watcher_};
};

TEST_F(PersisterTest, StoresEverythingThatIsThereAndCommits) {
  for (int i = 0; i < 25; ++i) source_.Add(EventJson("e" + std::to_string(i)));
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 25U);
  EXPECT_EQ(source_.committed, 25U);
  EXPECT_EQ(watcher_.stored, 25U);
  EXPECT_EQ(watcher_.batches, 3U);
}

TEST_F(PersisterTest, WhatIsReadAheadIsStoredAndRefusedAsWhatIsNot) {
  source_.looks_ahead = true;
  for (int i = 0; i < 95; ++i) source_.Add(i % 7 == 3 ? "not JSON" : EventJson("e" + std::to_string(i)));
  // Refused by the store too, by their places in the batch.
  store_.rejected = {"e8", "e20", "e89"};
  store_.fail_writes = 2;
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 95U - 14 - 3);
  EXPECT_EQ(source_.committed, 95U);
  EXPECT_EQ(watcher_.batches, 10U);
  EXPECT_EQ(letters_.reasons.size(), 17U);
  EXPECT_EQ(letters_.reasons[21], "rejected: too old");
  EXPECT_EQ(letters_.values[90], EventJson("e89"));
}

TEST_F(PersisterTest, TheStoreHasAFullNextBatchBeforeItIsDoneWithThisOne) {
  source_.looks_ahead = true;
  for (int i = 0; i < 29; ++i) source_.Add(EventJson("e" + std::to_string(i)));
  ASSERT_TRUE(persister_.Run().progressed);
  EXPECT_EQ(store_.most_begun, 2U);
  EXPECT_EQ(store_.begun.size(), 1U);
  EXPECT_EQ(source_.committed, 10U) << "only what the store has answered for";
  ASSERT_TRUE(persister_.Run().progressed);
  EXPECT_TRUE(store_.begun.empty()) << "one that is not full may still grow";
  RunUntilIdle();
  EXPECT_EQ(store_.writes, 3);
  EXPECT_EQ(watcher_.stored, 29U);
}

TEST_F(PersisterTest, AfterAFailureBothBatchesAreBegunAgainInTheirOrder) {
  source_.looks_ahead = true;
  for (int i = 0; i < 20; ++i) source_.Add(EventJson("e" + std::to_string(i)));
  store_.fail_writes = 1;
  EXPECT_FALSE(persister_.Run().progressed);
  EXPECT_TRUE(store_.begun.empty());
  EXPECT_EQ(source_.committed, 0U);
  RunUntilIdle();
  EXPECT_EQ(store_.writes, 3);
  EXPECT_EQ(watcher_.stored, 20U);
  EXPECT_EQ(watcher_.duplicates, 0U);
}

TEST_F(PersisterTest, APersisterThatEndsLeavesNothingWithTheStore) {
  source_.looks_ahead = true;
  for (int i = 0; i < 20; ++i) source_.Add(EventJson("e" + std::to_string(i)));
  {
    Persister ending(source_, store_, letters_, clock_, *random_, PersisterOptions{.batch_max_events = 10}, nullptr);
    ASSERT_TRUE(ending.Run().progressed);
    ASSERT_EQ(store_.begun.size(), 1U);
  }
  EXPECT_TRUE(store_.begun.empty());
}

TEST_F(PersisterTest, WhatWasReadAheadAndDoesNotComeIsAbandoned) {
  source_.looks_ahead = true;
  for (int i = 0; i < 20; ++i) source_.Add(EventJson("e" + std::to_string(i)));
  ASSERT_TRUE(persister_.Run().progressed);  // stores ten and reads the others
  source_.LoseTheRest();
  source_.now = 2'000;
  for (int i = 0; i < 10; ++i) source_.Add(EventJson("new" + std::to_string(i)));
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 20U);
  EXPECT_TRUE(store_.rows.contains("new9"));
  EXPECT_FALSE(store_.rows.contains("e10"));
}

TEST_F(PersisterTest, AFailingStoreMovesNoPositionAndLosesNothing) {
  source_.Add(EventJson("e1"));
  store_.fail_writes = 5;
  EXPECT_FALSE(persister_.Run().progressed);
  EXPECT_EQ(source_.committed, 0U);
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 1U);
  EXPECT_EQ(source_.committed, 1U);
  ASSERT_EQ(watcher_.waits.size(), 5U);
  EXPECT_GT(watcher_.waits[4], watcher_.waits[0]);
  EXPECT_EQ(watcher_.available_again, 1U);
}

TEST_F(PersisterTest, ABackOffIsNotCutShort) {
  source_.Add(EventJson("e1"));
  store_.fail_writes = 1;
  const Step failed = persister_.Run();
  ASSERT_TRUE(failed.not_before.has_value());
  const Step again = persister_.Run();
  EXPECT_EQ(again.not_before, failed.not_before);
  EXPECT_EQ(store_.writes, 1);
}

TEST_F(PersisterTest, MessagesInBinaryModeAreStoredToo) {
  const std::vector<event::MessageHeader> headers{
      {"ce_specversion", "1.0"},           {"ce_id", "b1"},
      {"ce_source", "/registry"},          {"ce_type", "t"},
      {"ce_time", "2026-11-24T10:00:00Z"}, {"content-type", "application/json"}};
  source_.Add(R"({"actor":{"id":"u-1"},"action":"login","outcome":"success"})");
  source_.headers = headers;
  RunUntilIdle();
  EXPECT_TRUE(store_.rows.contains("b1"));
}

TEST_F(PersisterTest, ASourceIsAskedEverySecondWhileItsBatchWaits) {
  source_.Add(EventJson("e1"));
  store_.fail_writes = 1'000'000;
  const env::SteadyTime end = clock_.SteadyNow() + std::chrono::minutes(5);
  while (clock_.SteadyNow() < end) {
    const Step step = persister_.Run();
    ASSERT_TRUE(step.not_before.has_value());
    EXPECT_LE(*step.not_before - clock_.SteadyNow(), std::chrono::seconds(1));
    clock_.Advance(*step.not_before - clock_.SteadyNow());
  }
  EXPECT_GE(source_.asked, 290);
  EXPECT_LE(watcher_.waits.back(), std::chrono::seconds(30));
}

TEST_F(PersisterTest, ABatchThatWasTakenAwayIsDroppedWholeAndFetchedAnew) {
  source_.Add(EventJson("e1"));
  source_.Add(EventJson("e2"));
  store_.fail_writes = 1;
  persister_.Run();
  source_.ours = false;
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 2U);
  EXPECT_EQ(source_.committed, 2U);
  EXPECT_EQ(watcher_.stored, 2U);
}

TEST_F(PersisterTest, ACommitThatComesTooLateIsNotTriedAgain) {
  source_.Add(EventJson("e1"));
  source_.ours = false;
  EXPECT_FALSE(persister_.Run().progressed);
  RunUntilIdle();
  // What it stored is found there by whoever has it now: this source itself.
  EXPECT_EQ(watcher_.duplicates, 1U);
  EXPECT_EQ(source_.committed, 1U);
}

TEST_F(PersisterTest, BadOnesAmongGoodOnesBecomeDeadLettersWithReasonAndBytes) {
  source_.Add(EventJson("good-1"));
  source_.Add("{not json");
  source_.Add(EventJson("old"));
  source_.Add(EventJson("good-1", "somebody else"));
  source_.Add(EventJson("good-2"));
  source_.Add(EventJson("good-1"));
  store_.rejected.insert("old");
  RunUntilIdle();
  EXPECT_EQ(store_.rows.size(), 2U);
  EXPECT_EQ(source_.committed, 6U);
  ASSERT_EQ(letters_.reasons.size(), 3U);
  EXPECT_EQ(letters_.values[2], "{not json");
  EXPECT_TRUE(letters_.reasons[2].starts_with("rejected: ")) << letters_.reasons[2];
  EXPECT_EQ(letters_.reasons[3], "rejected: too old");
  EXPECT_EQ(letters_.reasons[4], "conflict: another event has this id and time");
  EXPECT_EQ(letters_.values[4], EventJson("good-1", "somebody else"));
  EXPECT_EQ(letters_.keys[4], "somebody else");
  EXPECT_EQ(watcher_.stored, 2U);
  EXPECT_EQ(watcher_.duplicates, 1U);
  EXPECT_EQ(watcher_.conflicts, 1U);
  EXPECT_EQ(watcher_.rejected, 2U);
  EXPECT_EQ(watcher_.letters, 3U);
  EXPECT_EQ(watcher_.trace_ids, std::vector<std::string>(3));
}

TEST_F(PersisterTest, ADeadLetterIsToldWithItsTrace) {
  std::string event = EventJson("old");
  event.insert(1, R"("traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",)");
  source_.Add(event);
  store_.rejected.insert("old");
  RunUntilIdle();
  EXPECT_EQ(watcher_.trace_ids, std::vector<std::string>{"4bf92f3577b34da6a3ce929d0e0e4736"});
}

TEST_F(PersisterTest, AFullDeadLetterQueueHoldsTheBatchAndTheStoreIsNotAskedTwice) {
  source_.Add("{not json");
  source_.Add(EventJson("e1"));
  letters_.fail_puts = 3;
  RunUntilIdle();
  EXPECT_EQ(store_.writes, 1);
  EXPECT_EQ(watcher_.stored, 1U);
  EXPECT_EQ(letters_.reasons.size(), 1U);
  EXPECT_EQ(source_.committed, 2U);
}

TEST_F(PersisterTest, AFailedCommitIsTriedAgainWithoutWritingAgain) {
  source_.Add(EventJson("e1"));
  source_.fail_commits = 2;
  RunUntilIdle();
  EXPECT_EQ(store_.writes, 1);
  EXPECT_EQ(source_.committed, 1U);
}

TEST_F(PersisterTest, ACrashBeforeTheCommitGivesDuplicatesAndNoSecondDeadLetter) {
  source_.Add(EventJson("e1"));
  source_.Add("{not json");
  source_.fail_commits = 1;
  EXPECT_FALSE(persister_.Run().progressed);
  // Another process takes over where the source stands.
  source_.Rewind();
  Persister next(source_, store_, letters_, clock_, *random_, PersisterOptions{}, &watcher_);
  EXPECT_TRUE(next.Run().progressed);
  EXPECT_EQ(store_.rows.size(), 1U);
  EXPECT_EQ(letters_.reasons.size(), 1U);
  EXPECT_EQ(watcher_.duplicates, 1U);
  EXPECT_EQ(source_.committed, 2U);
}

TEST_F(PersisterTest, ASmallBatchLetsTheNextOneGather) {
  source_.Add(EventJson("e1"));
  EXPECT_TRUE(persister_.Run().progressed);
  source_.Add(EventJson("e2"));
  const Step step = persister_.Run();
  EXPECT_FALSE(step.progressed);
  ASSERT_TRUE(step.not_before.has_value());
  clock_.Advance(*step.not_before - clock_.SteadyNow());
  EXPECT_TRUE(persister_.Run().progressed);
  EXPECT_EQ(store_.rows.size(), 2U);
}

}  // namespace
}  // namespace audit::pipeline
