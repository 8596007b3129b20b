// The request line and the header fields of one request: syntax, and the rules of RFC 9112 on which
// its framing depends. Whatever two implementations could read differently is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/request.h"

namespace audit::http {

enum class ContentCoding : std::uint8_t { kIdentity, kGzip, kOther };

// Views into the bytes that were parsed. Reused from request to request, so that `headers` keeps its
// memory.
struct RequestHead {
  Method method = Method::kOther;
  std::string_view path;
  std::string_view query;
  std::vector<Header> headers;
  bool http_1_1 = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 without that header
  ContentCoding coding = ContentCoding::kIdentity;
};

struct HeadOutcome {
  std::size_t bytes = 0;       // of the head; 0: it is not all there yet, or refused
  std::optional<Fault> fault;  // kMalformed or kHeaderTooLarge
};

// Parses the head at the start of `bytes` into `head`. With more than `max_headers` fields it is
// refused as too large. Looks at whole lines only, so what is refused is refused at the same line
// however the bytes were split.
[[nodiscard]] HeadOutcome ParseHead(std::string_view bytes, std::size_t max_headers, RequestHead& head);

}  // namespace audit::http
