#include "api/ack_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "api/http_fakes.h"

namespace audit::api {
namespace {

// One I/O thread's queue with requests that are answered by their number.
class AckQueueTest : public testing::Test {
 protected:
  void Push(std::uint64_t last, env::SteadyTime received = {}) {
    AckQueue::Waiting& waiting = queue_.Push();
    waiting.exchange.emplace(exchanges_.emplace_back().exchange());
    waiting.last = {last};
    waiting.received = received;
    waiting.response = std::to_string(last);
    queue_.Pushed();
  }

  std::deque<RecordedAnswer> exchanges_;
  std::vector<std::string> kept_;
  std::vector<std::string> lost_;
  std::vector<std::string> late_;
  AckHub hub_{AckMoment::kSynced};
  ManualIoThread thread_;
  AckQueue queue_{hub_, thread_, [this](AckQueue::Waiting& waiting, AckQueue::Fate fate) {
                    (fate == AckQueue::Fate::kKept   ? kept_
                     : fate == AckQueue::Fate::kLost ? lost_
                                                     : late_)
                        .push_back(waiting.response);
                    waiting.exchange->Respond({});
                  }};
};

using Strings = std::vector<std::string>;

TEST_F(AckQueueTest, NothingIsAnsweredBeforeTheSync) {
  Push(1);
  hub_.OnWritten({1});
  EXPECT_EQ(thread_.RunPosted(), 0U);
  EXPECT_TRUE(kept_.empty());
  hub_.OnSynced({1});
  EXPECT_TRUE(kept_.empty()) << "answered on the flushing thread";
  EXPECT_EQ(thread_.RunPosted(), 1U);
  EXPECT_EQ(kept_, Strings{"1"});
}

TEST_F(AckQueueTest, OneWakeUpAnswersAllThatAreDueInOrder) {
  for (std::uint64_t last = 1; last <= 5; ++last) Push(last);
  hub_.OnSynced({2});
  hub_.OnSynced({4});
  EXPECT_EQ(thread_.RunPosted(), 1U);
  EXPECT_EQ(kept_, (Strings{"1", "2", "3", "4"}));
  hub_.OnSynced({5});
  EXPECT_EQ(thread_.RunPosted(), 1U);
  EXPECT_EQ(kept_.back(), "5");
}

TEST_F(AckQueueTest, BatchWaitsForItsLastEvent) {
  Push(10);
  hub_.OnSynced({9});
  EXPECT_EQ(thread_.RunPosted(), 0U);
  hub_.OnSynced({10});
  thread_.RunPosted();
  EXPECT_EQ(kept_, Strings{"10"});
}

TEST_F(AckQueueTest, SyncThatOvertakesThePushIsNotMissed) {
  hub_.OnSynced({3});
  Push(3);
  EXPECT_EQ(kept_, Strings{"3"});
  Push(4);
  EXPECT_EQ(kept_.size(), 1U);
}

TEST_F(AckQueueTest, FailureAnswersEverybodyAndTellsTheKeptFromTheLost) {
  for (std::uint64_t last = 1; last <= 3; ++last) Push(last);
  hub_.OnSynced({1});
  hub_.OnFailed(Error(ErrorCode::kIo, "sync: I/O error"));
  thread_.RunPosted();
  EXPECT_EQ(kept_, Strings{"1"});
  EXPECT_EQ(lost_, (Strings{"2", "3"}));
  Push(4);
  EXPECT_EQ(lost_.back(), "4") << "after the failure nothing waits";
}

TEST_F(AckQueueTest, ManyMoreThanTheFirstCapacityKeepTheirOrder) {
  Strings expected;
  std::uint64_t synced = 0;
  for (std::uint64_t last = 1; last <= 1'000; ++last) {
    Push(last);
    expected.push_back(std::to_string(last));
    if (last % 3 == 0) {
      hub_.OnSynced({++synced});
      thread_.RunPosted();
    }
  }
  hub_.OnSynced({1'000});
  thread_.RunPosted();
  EXPECT_EQ(kept_, expected);
  for (const RecordedAnswer& answer : exchanges_) EXPECT_EQ(answer.answers, 1);
}

TEST(AckMoments, WrittenAnswersOnWrite) {
  AckHub hub(AckMoment::kWritten);
  hub.OnWritten({7});
  EXPECT_EQ(hub.through(), 7U);
  hub.OnSynced({6});
  EXPECT_EQ(hub.through(), 7U);
}

TEST(AckMoments, QueuedHasNothingToWaitFor) {
  AckHub hub(AckMoment::kQueued);
  ManualIoThread thread;
  RecordedAnswer answer;
  AckQueue queue(hub, thread, [](AckQueue::Waiting& waiting, AckQueue::Fate fate) {
    EXPECT_EQ(fate, AckQueue::Fate::kKept);
    waiting.exchange->Respond({});
  });
  AckQueue::Waiting& waiting = queue.Push();
  waiting.exchange.emplace(answer.exchange());
  waiting.last = {123};
  queue.Pushed();
  EXPECT_EQ(answer.answers, 1);
}

TEST(AckMoments, ReplicatedComesAfterTheReplicasAndNotBefore) {
  AckHub hub(AckMoment::kReplicated);
  hub.OnWritten({7});
  hub.OnSynced({7});
  EXPECT_EQ(hub.through(), 0U);
  hub.OnReplicated({6});
  EXPECT_EQ(hub.through(), 6U);
}

TEST_F(AckQueueTest, ThoseThatWaitTooLongAreAnsweredLateAndOnlyThose) {
  const auto second = [](int n) { return env::SteadyTime(std::chrono::seconds(n)); };
  for (std::uint64_t last = 1; last <= 4; ++last) Push(last, second(static_cast<int>(last)));
  hub_.OnSynced({1});
  queue_.GiveUp(second(3));
  EXPECT_EQ(kept_, Strings{"1"}) << "due, though nobody woke the queue yet";
  EXPECT_EQ(late_, Strings{"2"});
  hub_.OnSynced({4});
  thread_.RunPosted();
  EXPECT_EQ(kept_, (Strings{"1", "3", "4"}));
}

TEST(AckQueueLife, WhatStillWaitsAtTheEndIsDropped) {
  AckHub hub(AckMoment::kSynced);
  ManualIoThread thread;
  RecordedAnswer answer;
  {
    AckQueue queue(hub, thread, [](AckQueue::Waiting& /*waiting*/, AckQueue::Fate /*fate*/) {});
    AckQueue::Waiting& waiting = queue.Push();
    waiting.exchange.emplace(answer.exchange());
    waiting.last = {1};
    queue.Pushed();
  }
  EXPECT_TRUE(answer.dropped);
  hub.OnSynced({1});
  EXPECT_EQ(thread.RunPosted(), 0U);
}

// The race that oldest_ and through_ guard against: with a flusher that runs free, a request that
// nobody wakes would hang the loop below.
TEST(AckQueueRace, NoWakeUpIsLostBetweenTwoThreads) {
  constexpr std::uint64_t kRequests = 2'000;
  AckHub hub(AckMoment::kSynced);
  ManualIoThread thread;
  std::uint64_t answered = 0;
  AckQueue queue(hub, thread, [&](AckQueue::Waiting& waiting, AckQueue::Fate /*fate*/) {
    ++answered;
    waiting.exchange->Respond({});
  });
  std::atomic<std::uint64_t> appended{0};
  std::thread flusher([&] {
    for (std::uint64_t flushed = 0; flushed < kRequests;) {
      const std::uint64_t now = appended.load();
      if (now == flushed) std::this_thread::yield();
      if (now == flushed) continue;
      flushed = now;
      hub.OnSynced({flushed});
    }
  });
  RecordedAnswer answer;
  for (std::uint64_t last = 1; last <= kRequests; ++last) {
    appended.store(last);
    AckQueue::Waiting& waiting = queue.Push();
    waiting.exchange.emplace(answer.exchange());
    waiting.last = {last};
    queue.Pushed();
    while (last % 4 == 0 && answered != last) {
      if (thread.RunPosted() == 0) std::this_thread::yield();
    }
  }
  flusher.join();
  EXPECT_EQ(answered, kRequests);
}

}  // namespace
}  // namespace audit::api
