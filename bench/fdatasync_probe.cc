// How long the disk's fdatasync takes, which decides the accept rate at few connections:
// fdatasync_probe [FOLDER [SECONDS]] prints p50 and p99 for appends of 4 and 64 KiB, as JSON.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "latency_histogram.h"
#include "prewritten_file.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kFileBytes = 64ULL << 20;

audit::bench::LatencyHistogram Measure(const std::string& folder, std::size_t bytes,
                                       std::chrono::duration<double> time) {
  audit::bench::PrewrittenFile file(folder, "fdatasync-probe", kFileBytes);
  const std::string block(bytes, 'x');
  audit::bench::LatencyHistogram latencies;
  for (const Clock::time_point begin = Clock::now(); Clock::now() - begin < time;) {
    const Clock::time_point before = Clock::now();
    file.AppendAndSync(block);
    latencies.Add(Clock::now() - before);
  }
  return latencies;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  const std::chrono::duration<double> time(argc > 2 ? std::strtod(argv[2], nullptr) : 1);
  try {
    const audit::bench::LatencyHistogram small = Measure(folder, 4U << 10, time);
    const audit::bench::LatencyHistogram large = Measure(folder, 64U << 10, time);
    std::printf("{\"4KiB_us\": {\"p50\": %.0f, \"p99\": %.0f}, \"64KiB_us\": {\"p50\": %.0f, \"p99\": %.0f}}\n",
                small.QuantileUs(0.5), small.QuantileUs(0.99), large.QuantileUs(0.5), large.QuantileUs(0.99));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fdatasync_probe: %s\n", error.what());
    return 1;
  }
  return 0;
}
