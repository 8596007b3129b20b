#include "event/parser.h"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "event/key_reader.h"
#include "time/rfc3339.h"

namespace audit::event {
namespace {

// 704 bytes, the size the design's figures are for.
constexpr std::string_view kTypical =
    R"({"specversion":"1.0","id":"6f0c7a0e-7d0e-4b9c-9f57-1c8a3b6f2d11","source":"openg2p/registry/social",)"
    R"("type":"org.openg2p.registry.beneficiary.updated","time":"2026-04-23T10:00:00.123456Z",)"
    R"("datacontenttype":"application/json","subject":"beneficiary/9c1f2c1e-4a7d",)"
    R"("traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","data":{"actor":{"type":"user",)"
    R"("id":"user-48213","name":"A. Example","roles":["registrar","auditor"],"ip":"10.12.4.7",)"
    R"("session_id":"s-5f2a91c0"},"action":"update","outcome":"success","reason":"address changed",)"
    R"("resource":{"type":"beneficiary","id":"9c1f2c1e-4a7d","currency":"INR","amount":1250.50},)"
    R"("changes":{"district":["North","South"],"version":17},"channel":"web"}})";

std::string Padded(std::string_view text) { return std::string(text).append(kPadding, '\0'); }

Parser MakeParser() {
  return Parser(Limits{}, [n = std::uint64_t{0}]() mutable { return ++n; });
}

TimeWindow Window() {
  return {*time::ParseRfc3339("2026-04-23T10:00:01Z"), *time::ParseRfc3339("2019-05-01T00:00:00Z"),
          *time::ParseRfc3339("2026-04-24T10:00:01Z")};
}

void AdmitTypical(benchmark::State& state) {
  Parser parser = MakeParser();
  const std::string padded = Padded(kTypical);
  const TimeWindow window = Window();
  for (auto _ : state) {
    const bool ok = parser.Admit(Parser::Shape::kEvent, std::string_view(padded).substr(0, kTypical.size()), window);
    if (!ok) state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.admitted().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTypical.size()));
}
BENCHMARK(AdmitTypical);

void ReadTypical(benchmark::State& state) {
  Parser parser = MakeParser();
  const std::string padded = Padded(kTypical);
  Record record;
  for (auto _ : state) {
    const bool ok = parser.Read(std::string_view(padded).substr(0, kTypical.size()), &record);
    if (!ok) state.SkipWithError("refused");
    benchmark::DoNotOptimize(record);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTypical.size()));
}
BENCHMARK(ReadTypical);

void KeyOfTypical(benchmark::State& state) {
  KeyReader keys;
  const std::string padded = Padded(kTypical);
  for (auto _ : state) {
    benchmark::DoNotOptimize(keys.Read(std::string_view(padded).substr(0, kTypical.size())));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kTypical.size()));
}
BENCHMARK(KeyOfTypical);

void AdmitBatchOf100(benchmark::State& state) {
  Parser parser = MakeParser();
  std::string body = "[";
  for (int i = 0; i < 100; ++i) body.append(i == 0 ? "" : ",").append(kTypical);
  body.append("]");
  const std::string padded = Padded(body);
  const TimeWindow window = Window();
  for (auto _ : state) {
    const bool ok = parser.Admit(Parser::Shape::kEventsArray, std::string_view(padded).substr(0, body.size()), window);
    if (!ok) state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.admitted().data());
  }
  state.SetItemsProcessed(state.iterations() * 100);
}
BENCHMARK(AdmitBatchOf100);

}  // namespace
}  // namespace audit::event
