#include "telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

#include "build_info/build_info.h"
#include "telemetry/log.h"

namespace audit::telemetry {
namespace {

// The fields of /proc/self/stat that are read here, in the kernel's units (proc(5)).
struct ProcessStat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  // after boot
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<ProcessStat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // The second field is the name in parentheses, which may hold spaces and parentheses itself.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  constexpr int kFirstField = 3;
  std::array<std::string, 25> fields;
  for (std::size_t i = kFirstField; i < fields.size(); ++i) rest >> fields.at(i);
  if (!rest) return std::nullopt;
  const auto number = [&fields](std::size_t field) { return std::strtod(fields.at(field).c_str(), nullptr); };
  return ProcessStat{.user_ticks = number(14),
                     .system_ticks = number(15),
                     .threads = number(20),
                     .start_ticks = number(22),
                     .virtual_bytes = number(23),
                     .resident_pages = number(24)};
}

// Seconds since 1970 at which the machine started.
double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

std::optional<double> OpenFileDescriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  if (error) return std::nullopt;
  const auto count = std::distance(begin(open), std::filesystem::directory_iterator());
  return static_cast<double>(count - 1);  // without the one that listed them
}

void AddBuildInfo(Metrics& metrics) {
  const BuildInfo& build = ThisBuild();
  const std::array labels{Metrics::Label{"version", std::string(build.service_version)},
                          Metrics::Label{"git_commit", std::string(build.git_commit)},
                          Metrics::Label{"build_time", std::string(build.build_time)}};
  metrics.AddGauge("audit_manager_build_info", "Always 1; the labels say which build runs.", labels).Set(1);
}

}  // namespace

void AddProcessMetrics(Metrics& metrics) {
  AddBuildInfo(metrics);
  Counter& cpu = metrics.AddCounter("process_cpu_seconds_total", "CPU time used, user and system, in seconds.");
  Gauge& resident = metrics.AddGauge("process_resident_memory_bytes", "Memory in RAM, in bytes.");
  Gauge& virtual_memory = metrics.AddGauge("process_virtual_memory_bytes", "Address space in use, in bytes.");
  Gauge& start = metrics.AddGauge("process_start_time_seconds", "Start of the process, in seconds since 1970.");
  Gauge& threads = metrics.AddGauge("process_threads", "Threads of the process.");
  Gauge& open = metrics.AddGauge("process_open_fds", "Open file descriptors.");
  Gauge& limit = metrics.AddGauge("process_max_fds", "Soft limit of open file descriptors.");
  Counter& dropped = metrics.AddCounter("audit_manager_log_lines_dropped_total",
                                        "Log lines lost because nobody took them from stderr in time.");
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  const double boot_time = BootTime();

  metrics.AddCollector([=, &cpu, &resident, &virtual_memory, &start, &threads, &open, &limit, &dropped] {
    if (const std::optional<ProcessStat> stat = ReadStat()) {
      cpu.RaiseTo((stat->user_ticks + stat->system_ticks) / ticks_per_second);
      resident.Set(stat->resident_pages * page_bytes);
      virtual_memory.Set(stat->virtual_bytes);
      start.Set(boot_time + stat->start_ticks / ticks_per_second);
      threads.Set(stat->threads);
    }
    if (const std::optional<double> count = OpenFileDescriptors()) open.Set(*count);
    if (rlimit limits{}; getrlimit(RLIMIT_NOFILE, &limits) == 0) limit.Set(static_cast<double>(limits.rlim_cur));
    dropped.RaiseTo(static_cast<double>(LogLinesDropped()));
  });
}

}  // namespace audit::telemetry
