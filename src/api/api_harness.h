// For tests: the API of one I/O thread over a real spool in memory, driven step by step.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/handler.h"
#include "api/http_fakes.h"
#include "api/service.h"
#include "env/faulting_file_system.h"
#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "env/random.h"
#include "http/request.h"
#include "spool/spool.h"
#include "telemetry/metrics.h"

namespace audit::api {

inline constexpr time::UnixMicros kHarnessNow{1'776'938'400'123'000};  // 2026-04-23T10:00:00.123Z

// An event that breaks no rule; `id` and `outcome` to tell several apart or to break one.
inline std::string EventJson(std::string_view id = "e-1", std::string_view outcome = "success") {
  return R"({"id":")" + std::string(id) +
         R"(","source":"/test","type":"t","data":{"actor":{"id":"u-1"},"action":"read","outcome":")" +
         std::string(outcome) + R"("}})";
}

class ApiHarness {
  std::deque<RecordedAnswer> answers_;  // outlives the handler, which may still hold exchanges

 public:
  explicit ApiHarness(Options options = {}, spool::Options spool_options = {}, bool has_store = false)
      : health(has_store) {
    options.earliest = [](time::UnixMicros now) { return time::UnixMicros{now.value - 84LL * 31 * 86'400'000'000}; };
    options.random = [] { return env::NewSeededRandom(1); };
    service = std::make_unique<Service>(std::move(options), clock, metrics, health);
    handler = service->handlers()(thread);
    spool_options.directory = "spool";
    spool_options.segment_bytes = 1U << 20;
    spool_options.readers = {"test"};
    spool_ = std::move(*spool::Spool::Open(faulty_files_, clock, *random_, spool_options, nullptr));
  }

  // The start is complete: events are taken.
  void Open() {
    service->Open(*spool_, [this] { ++kicks; });
    health.Enter(Health::Phase::kServing);
  }

  // One request; its answer comes now or with a later Flush. The reference stays.
  RecordedAnswer& Begin(http::Method method, std::string_view path, std::vector<http::Header> headers = {},
                        std::string_view body = {}) {
    RecordedAnswer& answer = answers_.emplace_back();
    std::string padded(body);
    padded.resize(body.size() + http::kBodyPadding, 'x');
    http::Request request;
    request.method = method;
    request.path = path;
    request.headers = headers;
    request.body = std::string_view(padded).substr(0, body.size());
    handler->OnRequest(request, answer.exchange());
    handler->OnRoundEnd();
    return answer;
  }

  // What the flusher does once; answers those who waited for it.
  void Flush() {
    static_cast<void>(spool_->Flush());
    thread.RunPosted();
  }

  RecordedAnswer& Send(http::Method method, std::string_view path, std::vector<http::Header> headers = {},
                       std::string_view body = {}) {
    RecordedAnswer& answer = Begin(method, path, std::move(headers), body);
    if (answer.answers == 0) Flush();
    return answer;
  }
  RecordedAnswer& Post(std::string_view path, std::string_view body,
                       std::string_view content_type = "application/json") {
    return Send(http::Method::kPost, path, {{"Content-Type", content_type}}, body);
  }
  RecordedAnswer& Get(std::string_view path) { return Send(http::Method::kGet, path); }

  // The next write or sync fails, and with it this instance.
  void BreakDisk() { faulty_files_.Arm(env::Fault::kIoError, 1); }

  [[nodiscard]] spool::Spool& spool() { return *spool_; }

  env::ManualClock clock{kHarnessNow};
  telemetry::Metrics metrics;
  Health health;
  ManualIoThread thread;
  std::unique_ptr<Service> service;
  std::unique_ptr<http::Handler> handler;
  int kicks = 0;

 private:
  env::MemoryFileSystem files_;
  env::FaultingFileSystem faulty_files_{files_};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(2);
  std::unique_ptr<spool::Spool> spool_;
};

}  // namespace audit::api
