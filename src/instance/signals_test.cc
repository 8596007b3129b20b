#include "instance/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace audit::instance {
namespace {

TEST(Signals, AreReadInsteadOfEndingTheProcess) {
  Signals signals;
  kill(getpid(), SIGHUP);
  EXPECT_EQ(signals.Wait(), Signal::kReload);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(signals.Wait(), Signal::kStop);
  kill(getpid(), SIGINT);
  EXPECT_EQ(signals.Wait(), Signal::kStop);
}

TEST(Signals, WaitCanBeInterrupted) {
  Signals signals;
  std::thread other([&] { signals.Interrupt(); });
  EXPECT_EQ(signals.Wait(), Signal::kInterrupt);
  other.join();
}

}  // namespace
}  // namespace audit::instance
