#include "telemetry/process_metrics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>

namespace audit::telemetry {
namespace {

using ::testing::HasSubstr;

// The value of the series that is named exactly `name`; NaN if there is none.
double Value(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? std::nan("") : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

TEST(ProcessMetrics, AreWhatTheKernelSaysOfThisProcess) {
  Metrics metrics;
  AddProcessMetrics(metrics);
  const std::string text = metrics.Expose();
  EXPECT_GT(Value(text, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(Value(text, "process_virtual_memory_bytes"), Value(text, "process_resident_memory_bytes"));
  EXPECT_GE(Value(text, "process_threads"), 1);
  EXPECT_GE(Value(text, "process_cpu_seconds_total"), 0);
  EXPECT_GT(Value(text, "process_max_fds"), Value(text, "process_open_fds"));
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(Value(text, "process_start_time_seconds"), now, 600);
}

TEST(ProcessMetrics, AnOpenedFileIsCounted) {
  Metrics metrics;
  AddProcessMetrics(metrics);
  const double before = Value(metrics.Expose(), "process_open_fds");
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(Value(metrics.Expose(), "process_open_fds"), before + 1);
  close(fd);
}

TEST(ProcessMetrics, TheBuildIsNamed) {
  Metrics metrics;
  AddProcessMetrics(metrics);
  EXPECT_THAT(metrics.Expose(), HasSubstr("audit_manager_build_info{"));
}

}  // namespace
}  // namespace audit::telemetry
