#include "instance/supervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "instance/notify_socket.h"

namespace audit::instance {
namespace {

using std::chrono::microseconds;
using testing::ContainsRegex;
using testing::HasSubstr;

// Tests run side by side, so each process has a name of its own.
std::string OwnName(const std::string& before) { return before + "audit-supervisor-" + std::to_string(getpid()); }

void ExpectToldEverything(const NotifySocket& socket) {
  const Supervisor supervisor({{"NOTIFY_SOCKET", socket.name()}});
  supervisor.Ready();
  EXPECT_EQ(socket.Next(), "READY=1");
  supervisor.Reloading();
  EXPECT_THAT(socket.Next(), ContainsRegex("^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]+$"));
  supervisor.Alive();
  EXPECT_EQ(socket.Next(), "WATCHDOG=1");
  supervisor.Stopping(std::chrono::seconds(40));
  EXPECT_EQ(socket.Next(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000");
}

TEST(Supervisor, IsToldThroughASocketWithAPath) { ExpectToldEverything(NotifySocket(OwnName(testing::TempDir()))); }

TEST(Supervisor, IsToldThroughASocketInTheAbstractNamespace) { ExpectToldEverything(NotifySocket(OwnName("@"))); }

TEST(Supervisor, IsToldAgainAfterItMadeItsSocketAnew) {
  std::optional<NotifySocket> socket(OwnName(testing::TempDir()));
  const Supervisor supervisor({{"NOTIFY_SOCKET", socket->name()}});
  const std::string name = socket->name();
  socket.reset();
  testing::internal::CaptureStderr();
  supervisor.Alive();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("WATCHDOG=1"), HasSubstr(name)));
  socket.emplace(name);
  supervisor.Alive();
  EXPECT_EQ(socket->Next(), "WATCHDOG=1");
}

TEST(Supervisor, WithoutOneNothingIsSaid) {
  testing::internal::CaptureStderr();
  for (const config::Environment& environment :
       {config::Environment{}, config::Environment{{"NOTIFY_SOCKET", ""}, {"WATCHDOG_USEC", "1000000"}}}) {
    const Supervisor supervisor(environment);
    supervisor.Ready();
    supervisor.Alive();
    EXPECT_FALSE(supervisor.alive_interval());
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Supervisor, AnAddressThatIsNoneIsNamedOnce) {
  for (const std::string& name : {std::string("run/notify"), std::string("@"), std::string(200, '/')}) {
    testing::internal::CaptureStderr();
    const Supervisor supervisor({{"NOTIFY_SOCKET", name}});
    EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("NOTIFY_SOCKET"), HasSubstr(name)));
    testing::internal::CaptureStderr();
    supervisor.Ready();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  }
}

TEST(Supervisor, WantsToHearTwiceInItsPatience) {
  const auto interval = [](const config::Environment& more) {
    config::Environment environment{{"NOTIFY_SOCKET", "@unused"}};
    environment.insert(more.begin(), more.end());
    return Supervisor(environment).alive_interval();
  };
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "30000000"}}), std::optional(microseconds(15'000'000)));
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", std::to_string(getpid())}}),
            std::optional(microseconds(15'000'000)));
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", std::to_string(getppid())}}), std::nullopt)
      << "it is meant for another process";
  EXPECT_EQ(interval({}), std::nullopt);
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "0"}}), std::nullopt);
  EXPECT_EQ(interval({{"WATCHDOG_USEC", "soon"}}), std::nullopt);
}

}  // namespace
}  // namespace audit::instance
