// One HTTP request as a handler sees it. What an event is, this room does not know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace audit::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOptions, kPatch, kOther };

struct Header {
  std::string_view name;   // as sent; compare without case
  std::string_view value;  // without surrounding white space
};

// As header names, media types and the like are compared.
[[nodiscard]] bool EqualWithoutCase(std::string_view a, std::string_view b);

// Readable bytes that follow `body`, so that parsers may read ahead in strides.
inline constexpr std::size_t kBodyPadding = 64;

// Views live until Handler::OnRequest returns.
struct Request {
  Method method = Method::kOther;
  std::string_view path;   // without the query
  std::string_view query;  // without the question mark
  std::span<const Header> headers;
  std::string_view body;  // de-chunked and, where it was gzip, decoded

  // The first header of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> Find(std::string_view name) const;
};

// A request that the server itself refuses, before or instead of OnRequest.
enum class Fault : std::uint8_t {
  kMalformed,  // not HTTP/1.x, smuggling, a broken chunk
  kHeaderTooLarge,
  kBodyTooLarge,         // counted decoded
  kUnsupportedEncoding,  // a Content-Encoding other than gzip or identity
  kMalformedEncoding,    // gzip that does not inflate
  kTimeout,              // header or body did not arrive in time
  kOverloaded,           // connections or requests in flight at their bound
};

}  // namespace audit::http
