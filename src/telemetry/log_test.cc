#include "telemetry/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace audit::telemetry {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Puts a pipe in the place of stderr. Nothing is expected while it is there: a failure writes to it.
class StderrPipe {
 public:
  StderrPipe() : stderr_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)) {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK), 0);
    EXPECT_GE(dup2(ends_[1], STDERR_FILENO), 0);
  }
  ~StderrPipe() {
    dup2(stderr_, STDERR_FILENO);
    for (const int fd : {stderr_, ends_[0], ends_[1]}) close(fd);
  }
  StderrPipe(const StderrPipe&) = delete;
  StderrPipe& operator=(const StderrPipe&) = delete;

  std::string Read() {
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  int stderr_;
  std::array<int, 2> ends_{};
};

template <class Body>
std::string Logged(LogLevel level, LogFormat format, Body body) {
  StderrPipe pipe;
  ConfigureLog(level, format);
  body();
  return pipe.Read();
}

TEST(Log, AJsonLineIsOneObjectWithATimeInUtc) {
  const std::string line = Logged(LogLevel::kInfo, LogFormat::kJson,
                                  [] { Log(LogLevel::kInfo, "Started", {{"port", std::uint64_t{8000}}}); });
  EXPECT_THAT(line, MatchesRegex("[{]\"ts\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z\","
                                 "\"level\":\"info\",\"message\":\"Started\",\"port\":8000[}]\n"));
}

TEST(Log, ATextLineIsNotColouredInAPipe) {
  const std::string line =
      Logged(LogLevel::kInfo, LogFormat::kText, [] { Log(LogLevel::kWarn, "Slow", {{"took_ms", std::int64_t{7}}}); });
  EXPECT_THAT(line, MatchesRegex("[0-9T:.-]+Z warn  Slow took_ms=7\n"));
}

TEST(Log, WhatLooksLikeAFormatIsText) {
  const std::string line = Logged(LogLevel::kInfo, LogFormat::kText, [] { Log(LogLevel::kInfo, "100 %v {} %$"); });
  EXPECT_THAT(line, EndsWith("info  100 %v {} %$\n"));
}

TEST(Log, LinesBelowTheLevelAreLeftOut) {
  const std::string text = Logged(LogLevel::kWarn, LogFormat::kText, [] {
    Log(LogLevel::kDebug, "a");
    Log(LogLevel::kInfo, "b");
    Log(LogLevel::kWarn, "c");
    Log(LogLevel::kError, "d");
  });
  EXPECT_THAT(text, MatchesRegex("[^\n]+ warn  c\n[^\n]+ error d\n"));
}

TEST(Log, LinesOfManyThreadsStayApart) {
  const std::string text = Logged(LogLevel::kInfo, LogFormat::kText, [] {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int n = 0; n < 50; ++n) Log(LogLevel::kInfo, "0123456789012345678901234567890123456789");
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_THAT(text, MatchesRegex("([0-9T:.-]+Z info  [0-9]{40}\n){200}"));
}

TEST(Log, DroppedLinesAreCountedAndNamedAsSoonAsSomebodyReads) {
  const std::uint64_t before = LogLinesDropped();
  const std::string text = Logged(LogLevel::kInfo, LogFormat::kJson, [] {});
  EXPECT_EQ(text, "");
  std::string after_drops;
  std::uint64_t dropped = 0;
  {
    StderrPipe pipe;
    const std::string line(3000, 'x');
    while (LogLinesDropped() < before + 2) Log(LogLevel::kInfo, line);
    dropped = LogLinesDropped() - before;
    static_cast<void>(pipe.Read());
    Log(LogLevel::kInfo, "Reading again");
    after_drops = pipe.Read();
  }
  EXPECT_EQ(dropped, 2U);
  EXPECT_THAT(after_drops, HasSubstr("\"message\":\"Reading again\"}\n"));
  EXPECT_THAT(after_drops, HasSubstr("\"level\":\"warn\",\"message\":\"Log lines were dropped, nobody read them\","
                                     "\"lines\":2}\n"));
}

TEST(Log, LevelsAndFormatsAreParsedByName) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("text"), LogFormat::kText);
  EXPECT_EQ(ParseLogFormat(""), std::nullopt);
}

}  // namespace
}  // namespace audit::telemetry
