// Loads a server with POSTs of audit events and counts what is answered. See --help.
#include <arpa/inet.h>
#include <sys/random.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "load_generator.h"
#include "request_template.h"

namespace {

using audit::bench::LoadCounts;
using audit::bench::LoadGenerator;
using audit::bench::LoadOptions;
using audit::bench::RequestTemplate;
using audit::bench::TemplateOptions;

constexpr int kAccepted = 202;

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8000;
  double duration = 5;
  double warm_up = 0;
  std::string ids_out;
  bool json = false;
  TemplateOptions request;
  LoadOptions load;
};

std::chrono::nanoseconds Seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void RaiseFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void PrintJson(const LoadCounts& counts, std::size_t events_a_request, double rate, double cpu) {
  std::printf("{\"statuses\": {");
  const char* separator = "";
  for (const auto& [status, count] : counts.by_status) {
    std::printf("%s\"%d\": %lu", separator, status, count);
    separator = ", ";
  }
  std::printf("}, \"malformed\": %lu, \"broken\": %lu, \"unanswered\": %lu", counts.malformed, counts.broken,
              counts.unanswered);
  std::printf(", \"requests_per_second\": %.1f, \"events_per_second\": %.1f", rate,
              rate * static_cast<double>(events_a_request));
  std::printf(", \"latency_us\": {\"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"max\": %.1f}, \"cpu\": %.3f}\n",
              counts.latencies.QuantileUs(0.5), counts.latencies.QuantileUs(0.99), counts.latencies.QuantileUs(0.999),
              counts.latencies.max_us(), cpu);
}

void PrintText(const LoadCounts& counts, std::size_t events_a_request, double rate, double cpu) {
  for (const auto& [status, count] : counts.by_status) std::printf("status %d     %lu\n", status, count);
  std::printf("malformed      %lu\nbroken         %lu\nunanswered     %lu\n", counts.malformed, counts.broken,
              counts.unanswered);
  std::printf("accepted       %.0f requests/s, %.0f events/s\n", rate, rate * static_cast<double>(events_a_request));
  std::printf("latency        p50 %.0f us, p99 %.0f us, p99.9 %.0f us, max %.0f us\n", counts.latencies.QuantileUs(0.5),
              counts.latencies.QuantileUs(0.99), counts.latencies.QuantileUs(0.999), counts.latencies.max_us());
  std::printf("this client    %.0f %% of a core\n", cpu * 100);
}

int Run(Options& options) {
  RaiseFileLimit();
  options.load.server.sin_family = AF_INET;
  options.load.server.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &options.load.server.sin_addr) != 1) {
    std::fprintf(stderr, "--host: '%s' is not an IPv4 address\n", options.host.c_str());
    return 2;
  }
  options.request.authority = options.host + ":" + std::to_string(options.port);
  options.load.duration = Seconds(options.duration);
  options.load.warm_up = Seconds(options.warm_up);

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> ids(nullptr, std::fclose);
  if (!options.ids_out.empty()) {
    ids.reset(std::fopen(options.ids_out.c_str(), "ae"));
    if (ids == nullptr) {
      std::perror(options.ids_out.c_str());
      return 1;
    }
    options.load.ids_out = ids.get();
  }
  std::uint64_t run = 0;
  if (getrandom(&run, sizeof run, 0) != sizeof run) {
    std::perror("getrandom");
    return 1;
  }

  RequestTemplate requests(options.request, run);
  LoadGenerator generator(options.load, requests);
  const auto begin = std::chrono::steady_clock::now();
  const double cpu_begin = CpuSeconds();
  const LoadCounts counts = generator.Run();
  const double cpu =
      (CpuSeconds() - cpu_begin) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double rate =
      static_cast<double>(counts.accepted_in_window) / std::chrono::duration<double>(counts.window).count();
  (options.json ? PrintJson : PrintText)(counts, requests.events(), rate, cpu);

  std::uint64_t refused = counts.malformed + counts.broken + counts.unanswered;
  for (const auto& [status, count] : counts.by_status) refused += status == kAccepted ? 0 : count;
  return refused == 0 ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Loads an audit service: one request outstanding a connection, every answer counted.");
  app.add_option("--host", options.host, "IPv4 address")->capture_default_str();
  app.add_option("--port", options.port)->capture_default_str();
  app.add_option("--base-path", options.request.base_path)->capture_default_str();
  app.add_option("--connections", options.load.connections)->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--duration", options.duration, "Seconds")->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "Seconds before it, left out of rate and latencies");
  app.add_option("--requests", options.load.max_requests, "Stop after so many");
  app.add_option("--rate", options.load.requests_per_second, "At most so many requests a second; 0: no bound");
  app.add_option("--event-bytes", options.request.event_bytes)->capture_default_str();
  app.add_option("--batch", options.request.batch, "Events a request, to /events/batch");
  app.add_option("--ids-out", options.ids_out, "Append the id of every accepted event to this file");
  app.add_flag("--json", options.json, "The summary as one JSON object");
  app.footer("Exit code: 0 every request got 202; 3 some did not; 1 it could not run; 2 usage.");
  CLI11_PARSE(app, argc, argv);
  try {
    return Run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_client: %s\n", error.what());
    return 1;
  }
}
