#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "http/gzip_text.h"
#include "http/request_parser.h"
#include "http/response_writer.h"

namespace audit::http {
namespace {

// A request as services send them: 744 bytes, of which 570 are the event.
std::string TypicalPost() {
  std::string text =
      "POST /v1/auditmanager/events HTTP/1.1\r\nHost: audit-manager:8000\r\nUser-Agent: python-httpx/0.27\r\n"
      "Accept: */*\r\nContent-Type: application/json\r\nContent-Length: 570\r\n\r\n";
  return text + std::string(744 - text.size(), '{');
}

void Parse(benchmark::State& state, const std::string& text, std::size_t piece) {
  const auto memory = std::make_unique<char[]>(text.size() + kBodyPadding);
  std::memcpy(memory.get(), text.data(), text.size());
  ParserShared shared;
  RequestParser parser(shared);
  for (auto unused : state) {
    static_cast<void>(unused);
    for (std::size_t have = 0; have < text.size();) {
      have = std::min(have + piece, text.size());
      std::span<char> input(memory.get(), have);
      benchmark::DoNotOptimize(parser.Advance(input));
    }
    benchmark::DoNotOptimize(parser.request().body.data());
    parser.Reset();
  }
  state.SetItemsProcessed(state.iterations());
}

void ParseWhole(benchmark::State& state) { Parse(state, TypicalPost(), std::string::npos); }
BENCHMARK(ParseWhole);

void ParseInTwoPieces(benchmark::State& state) { Parse(state, TypicalPost(), 400); }
BENCHMARK(ParseInTwoPieces);

void ParseGzip(benchmark::State& state) {
  std::string event;
  while (event.size() < 570) event += "\"field " + std::to_string(event.size()) + "\": \"value\", ";
  const std::string body = Gzip(event);
  Parse(state,
        "POST /v1/auditmanager/events HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body,
        std::string::npos);
}
BENCHMARK(ParseGzip);

void WriteResponse(benchmark::State& state) {
  const std::string body(150, 'x');
  HttpDate date;
  std::string block;
  for (auto unused : state) {
    static_cast<void>(unused);
    block.clear();
    AppendResponse({.status = 202, .content_type = "application/json", .body = body, .headers = {}}, {},
                   date.Text(1'700'000'000), block);
    benchmark::DoNotOptimize(block.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(WriteResponse);

}  // namespace
}  // namespace audit::http
