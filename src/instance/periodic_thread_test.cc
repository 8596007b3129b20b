#include "instance/periodic_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace audit::instance {
namespace {

using std::chrono::milliseconds;

TEST(PeriodicThread, RunsAtOnceAndAgain) {
  std::promise<void> third;
  std::atomic<int> runs{0};
  PeriodicThread thread("test", [&] {
    if (++runs == 3) third.set_value();
    return milliseconds{1};
  });
  third.get_future().wait();
  thread.Stop();
  const int after = runs;
  EXPECT_GE(after, 3);
  thread.Stop();
  EXPECT_EQ(runs, after);
}

TEST(PeriodicThread, StopDoesNotWaitForTheNextRun) {
  std::promise<void> first;
  PeriodicThread thread("test", [&] {
    first.set_value();  // a second run would throw
    return milliseconds{3'600'000};
  });
  first.get_future().wait();
  thread.Stop();
}

}  // namespace
}  // namespace audit::instance
