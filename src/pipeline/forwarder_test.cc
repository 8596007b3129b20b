#include "pipeline/forwarder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "spool/spool.h"

namespace audit::pipeline {
namespace {

using std::chrono::milliseconds;

std::string EventJson(const std::string& id, const std::string& key) {
  return R"({"specversion":"1.0","id":")" + id +
         R"(","source":"/registry","type":"t","time":"2026-11-24T10:00:00Z","data":{"actor":{"id":")" + key +
         R"("},"action":"login","outcome":"success"}})";
}

// A log that keeps what was delivered. Holds the interface's demands: no report without Publish, one each.
class FakeLog final : public Publisher {
 public:
  struct Message {
    std::uint64_t position = 0;
    std::string key;
    std::string value;
    time::UnixMicros ingested_at;
  };

  Result<bool> Publish(const OutgoingEvent& event) override {
    if (closed) return Error(ErrorCode::kUnavailable, "no producer");
    if (in_flight.size() >= room) return false;
    in_flight.push_back({event.position, std::string(event.key), std::string(event.value), event.ingested_at});
    ++published;
    return true;
  }
  void Poll(PublisherListener& listener) override {
    while (!in_flight.empty() && acknowledge > 0) {
      --acknowledge;
      const Message message = in_flight.front();
      in_flight.erase(in_flight.begin());
      if (refuses.contains(message.position)) {
        listener.OnRefused({message.position, message.key, message.value, message.ingested_at}, "too large");
        continue;
      }
      if (fails.erase(message.position) > 0) {
        // As an idempotent producer that lost its sequence: nothing behind it gets through.
        for (const Message& behind : in_flight) listener.OnFailed(behind.position, Error(ErrorCode::kIo, "behind"));
        in_flight.clear();
        listener.OnFailed(message.position, Error(ErrorCode::kUnavailable, "no permission"));
        return;
      }
      log.push_back(message);
      listener.OnDelivered(message.position);
    }
  }
  void Abandon() override {
    in_flight.clear();
    ++abandoned;
  }

  // What was delivered, by key, each event where it came first.
  [[nodiscard]] std::map<std::string, std::vector<std::uint64_t>> OrderOfKeys() const {
    std::map<std::string, std::vector<std::uint64_t>> order;
    std::set<std::uint64_t> seen;
    for (const Message& message : log) {
      if (seen.insert(message.position).second) order[message.key].push_back(message.position);
    }
    return order;
  }

  bool closed = false;
  std::size_t room = SIZE_MAX;
  std::size_t acknowledge = SIZE_MAX;  // how many more
  std::set<std::uint64_t> refuses;
  std::set<std::uint64_t> fails;  // once each
  std::vector<Message> in_flight;
  std::vector<Message> log;
  std::size_t published = 0;
  int abandoned = 0;
};

class FakeSetAside final : public dead_letters::DeadLetterQueue {
 public:
  Result<void> Put(std::span<const dead_letters::DeadLetter> letters, time::UnixMicros /*now*/) override {
    if (full) return Error(ErrorCode::kNoSpace, "disk full");
    for (const auto& letter : letters) {
      values[letter.offset] = std::string(letter.value);
      reasons[letter.offset] = std::string(letter.reason);
    }
    return {};
  }
  bool full = false;
  std::map<std::uint64_t, std::string> values;
  std::map<std::uint64_t, std::string> reasons;
};

class Watcher final : public ForwarderObserver {
 public:
  void OnSettled(spool::Sequence through, std::size_t events) override {
    EXPECT_GT(through, settled);
    settled = through;
    count += events;
  }
  void OnSetAside(std::string_view, std::string_view id, std::string_view source, std::uint64_t) override {
    set_aside.push_back(std::string(id) + std::string(source));
  }
  void OnUnavailable(const Error& error, milliseconds) override { errors.push_back(error.message()); }
  void OnAvailableAgain() override { ++again; }

  spool::Sequence settled;
  std::size_t count = 0;
  std::vector<std::string> set_aside;
  std::vector<std::string> errors;
  int again = 0;
};

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() { Start(); }

  void Start() {
    forwarder_.reset();
    reader_.reset();
    spool_.reset();
    spool::Options options;
    options.directory = "data/spool";
    options.segment_bytes = 1U << 20;
    options.max_bytes = 16U << 20;
    options.queue_max_bytes = 256U << 10;
    options.readers = {"forwarder"};
    spool_ = spool::Spool::Open(files_, clock_, *random_, options, nullptr).value();
    reader_ = spool_->OpenReader("forwarder").value();
    watcher_.settled = reader_->committed();
    forwarder_ =
        std::make_unique<Forwarder>(*reader_, log_, set_aside_, clock_, *random_,
                                    ForwarderOptions{.read_max_events = 4, .window_max_events = 10}, &watcher_);
  }

  void Append(const std::string& id, const std::string& key) {
    const std::string event = EventJson(id, key);
    const std::array<std::string_view, 1> payloads{event};
    ASSERT_EQ(spool_->Append(payloads).status, spool::AppendStatus::kAccepted);
    ASSERT_TRUE(spool_->Flush().ok());
  }
  void AppendMany(int count) {
    for (int i = 0; i < count; ++i) Append("e" + std::to_string(i), "k" + std::to_string(i % 3));
  }

  // Steps until nothing moves, going forward in time over every wait.
  Step RunUntilIdle() {
    for (int i = 0; i < 10'000; ++i) {
      const Step step = forwarder_->Run();
      if (step.progressed || (step.under_way && !log_.in_flight.empty() && log_.acknowledge > 0)) continue;
      if (!step.not_before) return step;
      clock_.Advance(*step.not_before - clock_.SteadyNow());
    }
    ADD_FAILURE() << "the forwarder does not come to rest";
    return {};
  }

  env::MemoryFileSystem files_;
  env::ManualClock clock_{{1'700'000'000'000'000}};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(3);
  FakeLog log_;
  FakeSetAside set_aside_;
  Watcher watcher_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<spool::Reader> reader_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(ForwarderTest, EverythingIsPublishedOnceInOrderWithItsKeyAndTimeOfIngest) {
  AppendMany(25);
  EXPECT_FALSE(RunUntilIdle().under_way);
  ASSERT_EQ(log_.log.size(), 25U);
  for (std::size_t i = 0; i < log_.log.size(); ++i) {
    EXPECT_EQ(log_.log[i].position, i + 1);
    EXPECT_EQ(log_.log[i].key, "k" + std::to_string(i % 3));
    EXPECT_EQ(log_.log[i].value, EventJson("e" + std::to_string(i), "k" + std::to_string(i % 3)));
    EXPECT_EQ(log_.log[i].ingested_at, clock_.Now());
  }
  EXPECT_EQ(reader_->committed(), spool::Sequence{25});
  EXPECT_EQ(watcher_.settled, spool::Sequence{25});
  EXPECT_EQ(watcher_.count, 25U);
}

TEST_F(ForwarderTest, WhatComesToAnEmptySpoolIsGathered) {
  Forwarder gathering(*reader_, log_, set_aside_, clock_, *random_,
                      ForwarderOptions{.window_max_events = 100, .gather = milliseconds(50)}, &watcher_);
  Append("alone", "k");
  const Step first = gathering.Run();
  EXPECT_EQ(log_.log.size() + log_.in_flight.size(), 1U) << "one that comes to rest goes at once";
  EXPECT_EQ(first.not_before, clock_.SteadyNow() + milliseconds(50));
  AppendMany(20);
  EXPECT_EQ(gathering.Run().not_before, first.not_before);
  EXPECT_EQ(log_.log.size() + log_.in_flight.size(), 1U);
  clock_.Advance(milliseconds(50));
  (void)gathering.Run();
  EXPECT_EQ(log_.log.size() + log_.in_flight.size(), 21U);
  clock_.Advance(milliseconds(50));
  const Step last = gathering.Run();
  EXPECT_FALSE(last.not_before.has_value());
}

TEST_F(ForwarderTest, ABacklogIsNotHeldUpByGathering) {
  Forwarder gathering(*reader_, log_, set_aside_, clock_, *random_,
                      ForwarderOptions{.read_max_events = 4, .window_max_events = 10, .gather = milliseconds(50)},
                      &watcher_);
  AppendMany(25);
  const env::SteadyTime began = clock_.SteadyNow();
  for (int i = 0; i < 100 && log_.log.size() < 25; ++i) {
    const Step step = gathering.Run();
    if (step.not_before) clock_.Advance(*step.not_before - clock_.SteadyNow());
  }
  EXPECT_EQ(log_.log.size(), 25U);
  EXPECT_LE(clock_.SteadyNow() - began, milliseconds(50));
}

TEST_F(ForwarderTest, ThePositionMovesOverADeliveredPrefixOnly) {
  AppendMany(6);
  log_.acknowledge = 0;
  EXPECT_TRUE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.in_flight.size(), 6U);
  // All but the first.
  std::rotate(log_.in_flight.begin(), log_.in_flight.begin() + 1, log_.in_flight.end());
  log_.acknowledge = 5;
  EXPECT_TRUE(RunUntilIdle().under_way);
  EXPECT_EQ(reader_->committed(), spool::Sequence{0});
  EXPECT_EQ(watcher_.settled, spool::Sequence{0});
  log_.acknowledge = 1;
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(reader_->committed(), spool::Sequence{6});
}

TEST_F(ForwarderTest, NoMoreIsUnderWayThanTheWindowAndTheLogHaveRoomFor) {
  AppendMany(25);
  log_.acknowledge = 0;
  RunUntilIdle();
  EXPECT_EQ(log_.in_flight.size(), 10U);
  log_.room = 3;
  log_.acknowledge = SIZE_MAX;
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.log.size(), 25U);
}

TEST_F(ForwarderTest, ARefusedEventIsSetAsideAndThoseBehindItGoOn) {
  AppendMany(5);
  log_.refuses = {3};
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.log.size(), 4U);
  EXPECT_EQ(set_aside_.values[3], EventJson("e2", "k2"));
  EXPECT_EQ(set_aside_.reasons[3], "rejected: too large");
  EXPECT_EQ(watcher_.set_aside, std::vector<std::string>{"e2/registry"});
  EXPECT_EQ(reader_->committed(), spool::Sequence{5});
}

TEST_F(ForwarderTest, ThePositionWaitsWhileARefusedEventCannotBeSetAside) {
  AppendMany(5);
  log_.refuses = {3};
  set_aside_.full = true;
  for (int i = 0; i < 10; ++i) {
    const Step step = forwarder_->Run();
    if (step.not_before) clock_.Advance(*step.not_before - clock_.SteadyNow());
  }
  EXPECT_LE(reader_->committed(), spool::Sequence{2});
  EXPECT_FALSE(watcher_.errors.empty());
  set_aside_.full = false;
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(set_aside_.values.size(), 1U);
  EXPECT_EQ(reader_->committed(), spool::Sequence{5});
}

TEST_F(ForwarderTest, AfterAFailureEverythingUnsettledIsPublishedAgainInOrder) {
  AppendMany(9);
  log_.fails = {4};
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.abandoned, 1);
  EXPECT_EQ(watcher_.errors, std::vector<std::string>{"behind"});
  EXPECT_EQ(watcher_.again, 1);
  ASSERT_EQ(log_.log.size(), 9U);
  for (std::size_t i = 0; i < log_.log.size(); ++i) EXPECT_EQ(log_.log[i].position, i + 1);
}

TEST_F(ForwarderTest, AFailingLogIsTriedAgainWithBackOffAndNothingMoves) {
  AppendMany(2);
  log_.closed = true;
  for (int i = 0; i < 8; ++i) {
    const Step step = forwarder_->Run();
    ASSERT_TRUE(step.not_before.has_value());
    clock_.Advance(*step.not_before - clock_.SteadyNow());
  }
  EXPECT_EQ(reader_->committed(), spool::Sequence{0});
  EXPECT_EQ(watcher_.errors.size(), 8U);
  log_.closed = false;
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.log.size(), 2U);
}

TEST_F(ForwarderTest, ARestartPublishesWhatWasNotCommittedAgain) {
  AppendMany(5);
  log_.acknowledge = 2;
  RunUntilIdle();
  EXPECT_EQ(reader_->committed(), spool::Sequence{2});
  log_.in_flight.clear();
  log_.acknowledge = SIZE_MAX;
  Start();
  EXPECT_FALSE(RunUntilIdle().under_way);
  EXPECT_EQ(log_.log.size(), 5U);
}

TEST_F(ForwarderTest, WhateverFailsNothingIsLostAndKeysKeepTheirOrder) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::unique_ptr<env::Random> chance = env::NewSeededRandom(seed);
    const std::size_t before = log_.log.size();
    const spool::Sequence first{spool_->synced().value + 1};
    AppendMany(60);
    const spool::Sequence last = spool_->synced();
    for (std::uint64_t i = first.value; i <= last.value; ++i) {
      if (chance->Next() % 12 == 0) log_.fails.insert(i);
      if (chance->Next() % 20 == 0) log_.refuses.insert(i);
    }
    for (int i = 0; i < 200; ++i) {
      log_.acknowledge = chance->Next() % 4;
      log_.room = 1 + chance->Next() % 12;
      set_aside_.full = chance->Next() % 5 == 0;
      const Step step = forwarder_->Run();
      if (step.not_before) clock_.Advance(*step.not_before - clock_.SteadyNow());
      if (chance->Next() % 50 == 0) {
        log_.in_flight.clear();
        Start();
      }
    }
    log_.acknowledge = log_.room = SIZE_MAX;
    set_aside_.full = false;
    EXPECT_FALSE(RunUntilIdle().under_way);
    EXPECT_EQ(reader_->committed(), last) << "seed " << seed;
    std::set<std::uint64_t> arrived;
    for (std::size_t i = before; i < log_.log.size(); ++i) arrived.insert(log_.log[i].position);
    for (std::uint64_t i = first.value; i <= last.value; ++i) {
      EXPECT_EQ(arrived.contains(i), !log_.refuses.contains(i)) << "seed " << seed << ", event " << i;
      EXPECT_EQ(set_aside_.values.contains(i), log_.refuses.contains(i)) << "seed " << seed << ", event " << i;
    }
    for (const auto& [key, positions] : log_.OrderOfKeys()) {
      EXPECT_TRUE(std::ranges::is_sorted(positions)) << "seed " << seed << ", key " << key;
    }
  }
}

}  // namespace
}  // namespace audit::pipeline
