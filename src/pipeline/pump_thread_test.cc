#include "pipeline/pump_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace audit::pipeline {
namespace {

using std::chrono::milliseconds;

// Does one step for each unit of work that was added.
class Worker final : public Pump {
 public:
  Step Run() override {
    int left = work.load();
    while (left > 0 && !work.compare_exchange_weak(left, left - 1)) {
    }
    if (left > 0) {
      ++done;
      return {.progressed = true, .not_before = std::nullopt};
    }
    return {};
  }
  std::atomic<int> work{0};
  std::atomic<int> done{0};
};

void WaitFor(const std::atomic<int>& value, int wanted) {
  while (value.load() < wanted) std::this_thread::sleep_for(milliseconds(1));
}

TEST(PumpThreadTest, ANotifiedPumpRunsUntilItHasNothingToDo) {
  Worker worker;
  PumpThread thread(worker, "test");
  worker.work += 3;
  thread.Notify();
  WaitFor(worker.done, 3);
  worker.work += 2;
  thread.Notify();
  WaitFor(worker.done, 5);
  EXPECT_TRUE(thread.Stop(milliseconds(10'000)));
}

TEST(PumpThreadTest, StopDrainsWhatIsThere) {
  Worker worker;
  worker.work = 10'000;
  PumpThread thread(worker, "test");
  EXPECT_TRUE(thread.Stop(milliseconds(60'000)));
  EXPECT_EQ(worker.done.load(), 10'000);
}

// Always backing off, as over a store that is away.
class Stuck final : public Pump {
 public:
  Step Run() override {
    ++runs;
    return {.progressed = false, .not_before = std::chrono::steady_clock::now() + milliseconds(60'000)};
  }
  std::atomic<int> runs{0};
};

TEST(PumpThreadTest, APumpThatBacksOffIsNotWaitedForPastTheDrainTime) {
  Stuck stuck;
  PumpThread thread(stuck, "test");
  WaitFor(stuck.runs, 1);
  EXPECT_FALSE(thread.Stop(milliseconds(20)));
}

TEST(PumpThreadTest, ABackingOffPumpIsNotDisturbedByNotify) {
  Stuck stuck;
  PumpThread thread(stuck, "test");
  WaitFor(stuck.runs, 1);
  for (int i = 0; i < 100; ++i) thread.Notify();
  EXPECT_FALSE(thread.Stop(milliseconds(20)));
  EXPECT_EQ(stuck.runs.load(), 1);
}

}  // namespace
}  // namespace audit::pipeline
