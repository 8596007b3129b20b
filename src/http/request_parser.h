// One request out of the bytes of a connection, without sockets: the head, then the body by its
// Content-Length or its chunks, then its content coding. Says when a request is whole, or why it is
// refused; what it says does not depend on how the bytes were split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/chunk_decoder.h"
#include "http/gzip_decoder.h"
#include "http/head_parser.h"
#include "http/request.h"

namespace audit::http {

struct ParserLimits {
  std::size_t max_header_bytes = 16U << 10;  // request line and fields; also the trailers of chunks
  std::size_t max_headers = 100;
  std::size_t max_body_bytes = 16U << 20;  // after decoding
};

// What the parsers of one thread share: limits, and the memory behind the views of a whole request.
// Those views live until any parser of the thread advances again.
struct ParserShared {
  ParserLimits limits;
  RequestHead head;
  GzipDecoder gzip;
};

// The state of one request at a time; a few words, so that an idle connection costs little.
class RequestParser {
 public:
  enum class Progress : std::uint8_t { kIncomplete, kWhole, kRefused };

  explicit RequestParser(ParserShared& shared) : shared_(&shared) {}

  // `input` is what was received of this request and is not dropped yet, all of it, at whatever
  // place in memory, kBodyPadding readable bytes behind it. May move bytes within `input` and make
  // it shorter (chunk framing goes away); give what remains again, with more behind it.
  [[nodiscard]] Progress Advance(std::span<char>& input);

  // After kWhole: the request, and how many bytes at the front of `input` it took. What follows is
  // the next one's; Reset before it.
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // After kRefused.
  [[nodiscard]] Fault fault() const { return fault_; }

  // The head is accepted and the rest is not here yet.
  [[nodiscard]] bool in_body() const { return stage_ != Stage::kHead; }
  [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }
  // What `input` holds at least once the request is whole, as far as known yet.
  [[nodiscard]] std::size_t bytes_expected() const { return head_bytes_ + body_bytes_; }
  // Once the head was accepted or refused for more than its syntax.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool http_1_0() const { return http_1_0_; }
  [[nodiscard]] bool is_head() const { return is_head_; }
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }

  void Reset() {
    shared_->gzip.Trim();
    *this = RequestParser(*shared_);
  }

 private:
  enum class Stage : std::uint8_t { kHead, kBody, kChunks };

  Progress AdvanceHead(std::span<char> input);
  Progress AcceptHead(std::size_t bytes);
  Progress AdvanceBody(std::span<char> input);
  Progress AdvanceChunks(std::span<char>& input);
  Progress Finish(std::span<char> input);
  Progress Refuse(Fault fault);

  ParserShared* shared_;
  std::size_t scanned_ = 0;  // bytes of the head whose line ends ParseHead has seen
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;  // by Content-Length, or decoded from chunks so far
  std::size_t bytes_ = 0;
  Stage stage_ = Stage::kHead;
  Fault fault_ = Fault::kMalformed;
  bool keep_alive_ = false;
  bool http_1_0_ = false;
  bool is_head_ = false;
  bool expects_continue_ = false;
  bool head_is_current_ = false;  // shared_->head is of this request and these bytes
  ChunkDecoder chunks_{0, 0};
  Request request_;
};

}  // namespace audit::http
