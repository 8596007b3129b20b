// One service as a process: what it says, how it ends.
#include "instance/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "http/raw_client.h"
#include "instance/instance_fixture.h"
#include "instance/notify_socket.h"

namespace audit::instance {
namespace {

using testing::HasSubstr;

// Serve in a process of its own, whose log the test reads line by line.
class ServeProcess {
 public:
  explicit ServeProcess(const config::Loaded& loaded) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    process_ = fork();
    if (process_ == 0) {
      dup2(ends[1], STDERR_FILENO);
      close(ends[0]);
      close(ends[1]);
      std::_Exit(Serve(loaded));
    }
    close(ends[1]);
    log_.reset(fdopen(ends[0], "r"));
  }
  ~ServeProcess() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
  }
  ServeProcess(const ServeProcess&) = delete;
  ServeProcess& operator=(const ServeProcess&) = delete;

  // The next line that holds `part`; empty if the log ends before.
  std::string LineWith(const std::string& part) {
    std::string line;
    for (int c = std::fgetc(log_.get()); c != EOF; c = std::fgetc(log_.get())) {
      if (c != '\n') {
        line += static_cast<char>(c);
      } else if (line.find(part) != std::string::npos) {
        return line;
      } else {
        line.clear();
      }
    }
    return "";
  }
  std::uint16_t WaitUntilReady() {
    const std::string line = LineWith("ready");
    const std::string before = "127.0.0.1:";
    const std::size_t at = line.find(before);
    EXPECT_NE(at, std::string::npos) << line;
    return static_cast<std::uint16_t>(std::stoi(line.substr(at + before.size())));
  }
  void Signal(int number) const { kill(process_, number); }
  int ExitCode() {
    int status = 0;
    EXPECT_EQ(waitpid(process_, &status, 0), process_);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  pid_t process_ = -1;
  std::unique_ptr<std::FILE, Close> log_;
};

using ServeTest = InstanceFixture;

TEST_F(ServeTest, SaysWhenItIsReadyAndEndsCleanlyOnSigterm) {
  ServeProcess service(Configuration({{"logging.format", "json"}}));
  const std::string ready = service.LineWith(R"("message":"ready")");
  for (const char* part : {"http://127.0.0.1:", "/v1/auditmanager", "\"synced\"", "\"ingest,persist,maintain\""}) {
    EXPECT_THAT(ready, HasSubstr(part));
  }
  EXPECT_THAT(ready, HasSubstr(data_dir()));
  service.Signal(SIGTERM);
  EXPECT_EQ(service.ExitCode(), 0);
}

TEST_F(ServeTest, ASupervisorHearsOfEveryStep) {
  const NotifySocket supervisor("@audit-serve-" + std::to_string(getpid()));
  setenv("NOTIFY_SOCKET", supervisor.name().c_str(), 1);
  ServeProcess service(Configuration({{"shutdown.grace_seconds", "20"}}));
  unsetenv("NOTIFY_SOCKET");
  const std::uint16_t port = service.WaitUntilReady();
  EXPECT_EQ(supervisor.Next(), "READY=1");
  EXPECT_EQ(ClientOf(port)->Post("/events", "application/json", Event("ready"))->status, 202);
  service.Signal(SIGHUP);
  EXPECT_THAT(supervisor.Next(), HasSubstr("RELOADING=1"));
  EXPECT_EQ(supervisor.Next(), "READY=1");
  service.Signal(SIGTERM);
  EXPECT_EQ(supervisor.Next(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000");
  EXPECT_EQ(service.ExitCode(), 0);
  EXPECT_EQ(supervisor.NextNow(), "");
}

TEST_F(ServeTest, InterruptEndsItCleanlyToo) {
  ServeProcess service(Configuration());
  service.WaitUntilReady();
  service.Signal(SIGINT);
  EXPECT_EQ(service.ExitCode(), 0);
}

TEST_F(ServeTest, HangUpDoesNotEndIt) {
  ServeProcess service(Configuration());
  const std::uint16_t port = service.WaitUntilReady();
  service.Signal(SIGHUP);
  EXPECT_EQ(ClientOf(port)->Get("/health/ready")->status, 200);
  service.Signal(SIGTERM);
  EXPECT_EQ(service.ExitCode(), 0);
}

TEST_F(ServeTest, StartThatFailsSaysWhyAndExitsNonZero) {
  ServeProcess first(Configuration());
  first.WaitUntilReady();
  ServeProcess second(Configuration());
  EXPECT_THAT(second.LineWith("the start failed"), HasSubstr("another instance"));
  EXPECT_EQ(second.ExitCode(), 1);
}

TEST_F(ServeTest, WarningsOfTheConfigurationAreLogged) {
  config::Loaded loaded = Configuration();
  loaded.warnings = {"one thing", "another"};
  ServeProcess service(loaded);
  EXPECT_THAT(service.LineWith("configuration"), HasSubstr("one thing"));
  EXPECT_THAT(service.LineWith("configuration"), HasSubstr("another"));
}

// A caller who never ends his request holds the stop up for the grace, which is longer here than any
// test may run.
TEST_F(ServeTest, SecondSignalDoesNotWaitAndLosesNothing) {
  {
    ServeProcess service(Configuration({{"shutdown.grace_seconds", "3600"}, {"http.body_timeout_ms", "3600000"}}));
    const std::uint16_t port = service.WaitUntilReady();
    EXPECT_EQ(ClientOf(port)->Post("/events", "application/json", Event("kept"))->status, 202);
    http::RawClient slow(port);
    slow.Send("POST /v1/auditmanager/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    EXPECT_EQ(ClientOf(port)->Get("/health/ready")->status, 200);
    service.Signal(SIGTERM);
    service.LineWith("stopping");
    service.Signal(SIGTERM);
    EXPECT_EQ(service.ExitCode(), 0);
  }
  ServeProcess again(Configuration());
  again.WaitUntilReady();
  again.Signal(SIGTERM);
  EXPECT_EQ(again.ExitCode(), 0);
  EXPECT_EQ(StoredIds(), (std::multiset<std::string>{"kept"}));
}

}  // namespace
}  // namespace audit::instance
