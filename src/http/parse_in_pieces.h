// For tests and the fuzzer: drives a RequestParser as a connection does, with the bytes split at
// will, and writes down all that came out.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_parser.h"

namespace audit::http {

// One line a request or a fault; a fault ends it. `next_piece` is asked how many bytes come next
// (at least one does).
inline std::vector<std::string> ParseInPieces(std::string_view stream, ParserShared& shared,
                                              const std::function<std::size_t()>& next_piece) {
  std::vector<std::string> results;
  RequestParser parser(shared);
  std::string held;
  while (!stream.empty()) {
    const std::size_t piece = std::min(std::max<std::size_t>(next_piece(), 1), stream.size());
    held += stream.substr(0, piece);
    stream.remove_prefix(piece);
    while (!held.empty()) {
      // Exactly as much memory as promised, so that a sanitizer sees whoever reads past it.
      auto memory = std::make_unique<char[]>(held.size() + kBodyPadding);
      std::memcpy(memory.get(), held.data(), held.size());
      std::span<char> input(memory.get(), held.size());
      const RequestParser::Progress progress = parser.Advance(input);
      if (progress == RequestParser::Progress::kIncomplete) {
        held.assign(input.data(), input.size());
        break;
      }
      if (progress == RequestParser::Progress::kRefused) {
        results.push_back("fault " + std::to_string(static_cast<int>(parser.fault())));
        return results;
      }
      const Request& request = parser.request();
      std::string line = std::to_string(static_cast<int>(request.method)) + " " + std::string(request.path) + " ? " +
                         std::string(request.query) + (parser.keep_alive() ? " keep" : " close");
      for (const Header& header : request.headers)
        line.append(" | ").append(header.name).append(":").append(header.value);
      results.push_back(line + " | " + std::string(request.body));
      held.assign(input.data() + parser.bytes(), input.size() - parser.bytes());
      parser.Reset();
    }
  }
  return results;
}

}  // namespace audit::http
