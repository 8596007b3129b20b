// Inflates a gzip body (RFC 1952, one member, nothing behind it) with a bound on what comes out. One
// thread's: the memory is used again for the next body.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "http/request.h"

namespace audit::http {

class GzipDecoder {
 public:
  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  // The decoded body, kBodyPadding readable bytes behind it, valid until the next call. Stops as
  // soon as more than `max_bytes` came out: kBodyTooLarge. Otherwise kMalformedEncoding.
  [[nodiscard]] std::variant<std::string_view, Fault> Decode(std::span<const char> body, std::size_t max_bytes);
  // Gives back what a rare large body took; its view ends.
  void Trim();

 private:
  struct Stream;
  bool Grow(std::size_t used, std::size_t max_bytes);

  std::unique_ptr<Stream> stream_;
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;  // without the padding
};

}  // namespace audit::http
