// Arbitrary bytes of a connection, split in arbitrary places: whatever the splits, the requests and
// the fault that come out are the same.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "http/parse_in_pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using audit::http::ParseInPieces;
  // The splits come from the end, so that the corpus is plain requests.
  FuzzedDataProvider fuzzed(data, size);
  std::vector<std::size_t> pieces(fuzzed.ConsumeIntegralInRange<std::size_t>(0, 8));
  for (std::size_t& piece : pieces) piece = fuzzed.ConsumeIntegralInRange<std::size_t>(1, 64);
  const std::string stream = fuzzed.ConsumeRemainingBytesAsString();

  // Small limits, so that short inputs reach them.
  audit::http::ParserShared shared;
  shared.limits = {.max_header_bytes = 512, .max_headers = 8, .max_body_bytes = 1024};
  const auto whole = ParseInPieces(stream, shared, [] { return std::numeric_limits<std::size_t>::max(); });
  const auto bytes = ParseInPieces(stream, shared, [] { return 1; });
  std::size_t at = 0;
  const auto split = ParseInPieces(stream, shared, [&] { return at < pieces.size() ? pieces[at++] : 17; });
  if (bytes != whole || split != whole) {
    for (const auto& line : whole) std::fprintf(stderr, "whole: %s\n", line.c_str());
    for (const auto& line : bytes) std::fprintf(stderr, "bytes: %s\n", line.c_str());
    for (const auto& line : split) std::fprintf(stderr, "split: %s\n", line.c_str());
    std::abort();
  }
  return 0;
}
