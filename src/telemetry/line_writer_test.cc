#include "telemetry/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace audit::telemetry {
namespace {

using std::chrono::milliseconds;

constexpr int kPipeBytes = 8192;

// A pipe of two pages, so that few lines fill it.
class LineWriterTest : public ::testing::Test {
 protected:
  LineWriterTest() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(fcntl(ends_[1], F_SETPIPE_SZ, kPipeBytes), kPipeBytes);
    EXPECT_EQ(fcntl(ends_[0], F_SETFL, O_NONBLOCK), 0);
  }
  ~LineWriterTest() override {
    CloseReader();
    close(ends_[1]);
  }
  LineWriterTest(const LineWriterTest&) = delete;
  LineWriterTest& operator=(const LineWriterTest&) = delete;

  void CloseReader() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }
  [[nodiscard]] int write_end() const { return ends_[1]; }

  std::string ReadAll() {
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = read(ends_[0], part.data(), part.size())) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(LineWriterTest, LinesArriveWhole) {
  LineWriter writer(write_end(), milliseconds(10));
  EXPECT_TRUE(writer.Write("one\n"));
  EXPECT_TRUE(writer.Write("two\n"));
  EXPECT_EQ(ReadAll(), "one\ntwo\n");
}

TEST_F(LineWriterTest, AFullPipeLosesLinesUntilItIsRead) {
  LineWriter writer(write_end(), milliseconds(1));
  const std::string line = std::string(1023, 'x') + "\n";
  while (writer.Write(line)) continue;
  EXPECT_FALSE(writer.Write(line));
  ReadAll();
  EXPECT_TRUE(writer.Write("again\n"));
  EXPECT_EQ(ReadAll(), "again\n");
}

TEST_F(LineWriterTest, TheEndOfACutLineIsNotTheStartOfTheNext) {
  LineWriter writer(write_end(), milliseconds(1));
  EXPECT_FALSE(writer.Write(std::string(kPipeBytes + 1, 'x') + "\n"));
  EXPECT_EQ(ReadAll(), std::string(kPipeBytes, 'x'));
  EXPECT_TRUE(writer.Write("next\n"));
  EXPECT_EQ(ReadAll(), "\nnext\n");
}

TEST_F(LineWriterTest, AClosedReaderLosesLinesOnly) {
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGPIPE, &ignore, &before), 0);
  CloseReader();
  LineWriter writer(write_end(), milliseconds(1));
  EXPECT_FALSE(writer.Write("lost\n"));
  EXPECT_FALSE(writer.Write("lost\n"));
  sigaction(SIGPIPE, &before, nullptr);
}

}  // namespace
}  // namespace audit::telemetry
