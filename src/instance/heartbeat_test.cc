#include "instance/heartbeat.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "instance/instance_fixture.h"
#include "instance/notify_socket.h"

namespace audit::instance {
namespace {

class HeartbeatTest : public InstanceFixture {
 protected:
  std::unique_ptr<Instance> Started() {
    auto started = Instance::Start(Configuration({{"http.threads", "2"}}), [] {});
    EXPECT_TRUE(started.ok()) << started.error().message();
    return std::move(*started);
  }

  // Looks at what is logged from now on.
  static bool LoggedInTime(const std::string& part) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      testing::internal::CaptureStderr();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (testing::internal::GetCapturedStderr().find(part) != std::string::npos) return true;
    }
    return false;
  }

  const NotifySocket socket_{"@audit-heartbeat-" + std::to_string(getpid())};
  const Supervisor supervisor_{{{"NOTIFY_SOCKET", socket_.name()}, {"WATCHDOG_USEC", "20000"}}};
};

TEST_F(HeartbeatTest, GoesOnWhileTheLoopsAnswer) {
  const std::unique_ptr<Instance> instance = Started();
  const Heartbeat heartbeat(supervisor_, *instance);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
}

// The question that is posted here keeps a loop from coming around to any other.
TEST_F(HeartbeatTest, OneLoopThatIsStuckSilencesItUntilItIsFree) {
  const std::unique_ptr<Instance> instance = Started();
  const Heartbeat heartbeat(supervisor_, *instance);
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
  std::promise<void> stuck;
  std::promise<void> free;
  instance->AskEventLoops([&] {
    stuck.set_value();
    free.get_future().wait();
  });
  stuck.get_future().wait();
  while (!socket_.NextNow().empty()) {
  }
  // Every message from here on would need an answer of the stuck loop. The service says when one is missing.
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(LoggedInTime("does not answer"));
  EXPECT_EQ(socket_.NextNow(), "");
  free.set_value();
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
}

TEST_F(HeartbeatTest, SaysNothingAfterItsEnd) {
  const std::unique_ptr<Instance> instance = Started();
  {
    const Heartbeat heartbeat(supervisor_, *instance);
    EXPECT_EQ(socket_.Next(), "WATCHDOG=1");
  }
  while (!socket_.NextNow().empty()) {
  }
  std::promise<void> around;
  instance->AskEventLoops([&] { around.set_value(); });
  around.get_future().wait();  // and with it every question that was asked before
  EXPECT_EQ(socket_.NextNow(), "");
}

}  // namespace
}  // namespace audit::instance
