// The chunked transfer coding (RFC 9112, section 7.1), strict: CRLF only, no space around a size, a
// bound on every line. Extensions and trailers are checked for their form and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace audit::http {

class ChunkDecoder {
 public:
  enum class Status : std::uint8_t { kMore, kDone, kMalformed, kBodyTooLarge, kTrailersTooLarge };

  // `max_body_bytes` bounds the data of all chunks together.
  ChunkDecoder(std::size_t max_body_bytes, std::size_t max_trailer_bytes)
      : body_left_(max_body_bytes), trailer_left_(max_trailer_bytes) {}

  struct Step {
    Status status = Status::kMore;
    std::size_t read = 0;     // bytes of the input taken; all of them on kMore
    std::size_t written = 0;  // bytes of data put at `output`
  };
  // `output` may lie in the same memory, at or before `input`.
  [[nodiscard]] Step Decode(std::span<const char> input, char* output);

 private:
  enum class State : std::uint8_t {
    kSizeFirst,  // a digit must come
    kSize,
    kBeforeExtension,  // white space that only a semicolon may end
    kExtension,
    kSizeLineFeed,
    kData,
    kDataReturn,
    kDataLineFeed,
    kTrailerFirst,  // a trailer or the end
    kTrailerName,
    kTrailerValue,
    kTrailerLineFeed,
    kEndLineFeed,
  };

  Status Take(char c);  // one byte that is not data
  Status TakeDigit(char c);

  std::size_t body_left_;
  std::size_t trailer_left_;
  std::size_t chunk_left_ = 0;
  std::size_t line_bytes_ = 0;
  State state_ = State::kSizeFirst;
};

}  // namespace audit::http
