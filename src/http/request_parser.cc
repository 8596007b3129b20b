#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <variant>

#include "http/ascii.h"

namespace audit::http {

RequestParser::Progress RequestParser::Advance(std::span<char>& input) {
  head_is_current_ = false;
  if (stage_ == Stage::kHead) {
    const Progress progress = AdvanceHead(input);
    if (progress != Progress::kIncomplete || stage_ == Stage::kHead) return progress;
  }
  return stage_ == Stage::kBody ? AdvanceBody(input) : AdvanceChunks(input);
}

RequestParser::Progress RequestParser::AdvanceHead(std::span<char> input) {
  const ParserLimits& limits = shared_->limits;
  const std::string_view text(input.data(), std::min(input.size(), limits.max_header_bytes));
  // One empty line before a request is a habit of old clients (RFC 9112, section 2.2). More, or
  // anything else that cannot begin a method, is no HTTP: a TLS client at the wrong port, say.
  const std::size_t skip = text.starts_with("\r\n") ? 2 : 0;
  if (text.size() > skip && !IsToken(text[skip]) && text != "\r") return Refuse(Fault::kMalformed);
  const bool line_ended = text.find('\n', std::max(scanned_, skip)) != std::string_view::npos;
  scanned_ = text.size();
  if (line_ended) {
    const HeadOutcome outcome = ParseHead(text.substr(skip), limits.max_headers, shared_->head);
    if (outcome.fault) return Refuse(*outcome.fault);
    if (outcome.bytes != 0) return AcceptHead(skip + outcome.bytes);
  }
  return text.size() < limits.max_header_bytes ? Progress::kIncomplete : Refuse(Fault::kHeaderTooLarge);
}

RequestParser::Progress RequestParser::AcceptHead(std::size_t bytes) {
  const RequestHead& head = shared_->head;
  head_bytes_ = bytes;
  head_is_current_ = true;
  keep_alive_ = head.keep_alive;
  http_1_0_ = !head.http_1_1;
  is_head_ = head.method == Method::kHead;
  expects_continue_ = head.expects_continue;
  if (head.coding == ContentCoding::kOther) return Refuse(Fault::kUnsupportedEncoding);
  if (head.content_length > shared_->limits.max_body_bytes) return Refuse(Fault::kBodyTooLarge);
  if (head.chunked) {
    stage_ = Stage::kChunks;
    chunks_ = ChunkDecoder(shared_->limits.max_body_bytes, shared_->limits.max_header_bytes);
  } else {
    stage_ = Stage::kBody;
    body_bytes_ = static_cast<std::size_t>(head.content_length);
  }
  return Progress::kIncomplete;
}

RequestParser::Progress RequestParser::AdvanceBody(std::span<char> input) {
  if (input.size() - head_bytes_ < body_bytes_) return Progress::kIncomplete;
  bytes_ = head_bytes_ + body_bytes_;
  return Finish(input);
}

// What was decoded so far lies right behind the head; the rest of the input is still coded.
RequestParser::Progress RequestParser::AdvanceChunks(std::span<char>& input) {
  const std::size_t decoded_end = head_bytes_ + body_bytes_;
  const ChunkDecoder::Step step = chunks_.Decode(input.subspan(decoded_end), input.data() + decoded_end);
  body_bytes_ += step.written;
  switch (step.status) {
    case ChunkDecoder::Status::kMore: input = input.first(head_bytes_ + body_bytes_); return Progress::kIncomplete;
    case ChunkDecoder::Status::kDone: bytes_ = decoded_end + step.read; return Finish(input);
    case ChunkDecoder::Status::kMalformed: return Refuse(Fault::kMalformed);
    case ChunkDecoder::Status::kBodyTooLarge: return Refuse(Fault::kBodyTooLarge);
    case ChunkDecoder::Status::kTrailersTooLarge: return Refuse(Fault::kHeaderTooLarge);
  }
  return Refuse(Fault::kMalformed);
}

RequestParser::Progress RequestParser::Finish(std::span<char> input) {
  const ParserLimits& limits = shared_->limits;
  RequestHead& head = shared_->head;
  // A request that came in pieces has its head parsed once more, so that no view has to survive a
  // move of the bytes and no header list has to be kept for each connection.
  if (!head_is_current_) {
    const std::string_view text(input.data(), head_bytes_);
    const std::size_t skip = text.starts_with("\r\n") ? 2 : 0;
    const HeadOutcome again = ParseHead(text.substr(skip), limits.max_headers, head);
    if (again.fault) return Refuse(*again.fault);
  }
  request_ = {.method = head.method,
              .path = head.path,
              .query = head.query,
              .headers = head.headers,
              .body = {input.data() + head_bytes_, body_bytes_}};
  if (head.coding == ContentCoding::kGzip && !request_.body.empty()) {
    const auto decoded = shared_->gzip.Decode(request_.body, limits.max_body_bytes);
    if (const Fault* fault = std::get_if<Fault>(&decoded)) return Refuse(*fault);
    request_.body = std::get<std::string_view>(decoded);
  }
  return Progress::kWhole;
}

RequestParser::Progress RequestParser::Refuse(Fault fault) {
  fault_ = fault;
  return Progress::kRefused;
}

}  // namespace audit::http
