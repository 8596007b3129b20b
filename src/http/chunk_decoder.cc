#include "http/chunk_decoder.h"

#include <algorithm>
#include <cstring>

#include "http/ascii.h"

namespace audit::http {
namespace {

constexpr std::size_t kMaxSizeLine = 256;  // nobody needs extensions; a sender must not be able to send them for ever

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (Lower(c) >= 'a' && Lower(c) <= 'f') return Lower(c) - 'a' + 10;
  return -1;
}

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

}  // namespace

ChunkDecoder::Step ChunkDecoder::Decode(std::span<const char> input, char* output) {
  Step step;
  while (step.read < input.size()) {
    if (state_ == State::kData) {
      const std::size_t take = std::min(chunk_left_, input.size() - step.read);
      std::memmove(output + step.written, input.data() + step.read, take);
      step.read += take;
      step.written += take;
      chunk_left_ -= take;
      if (chunk_left_ == 0) state_ = State::kDataReturn;
      continue;
    }
    step.status = Take(input[step.read++]);
    if (step.status != Status::kMore) return step;
  }
  return step;
}

ChunkDecoder::Status ChunkDecoder::Take(char c) {
  const auto expect = [&](bool fits, State next) {
    state_ = next;
    return fits ? Status::kMore : Status::kMalformed;
  };
  if (state_ >= State::kTrailerFirst && trailer_left_-- == 0) return Status::kTrailersTooLarge;
  if (state_ <= State::kExtension && ++line_bytes_ > kMaxSizeLine) return Status::kMalformed;
  switch (state_) {
    case State::kSizeFirst: return TakeDigit(c);
    case State::kSize:
      if (c == '\r') return expect(true, State::kSizeLineFeed);
      if (c == ';') return expect(true, State::kExtension);
      if (IsSpace(c)) return expect(true, State::kBeforeExtension);
      return TakeDigit(c);
    case State::kBeforeExtension:
      if (c == ';') return expect(true, State::kExtension);
      return expect(IsSpace(c), State::kBeforeExtension);
    case State::kExtension:
      if (c == '\r') return expect(true, State::kSizeLineFeed);
      return expect(!IsControl(c), State::kExtension);
    case State::kSizeLineFeed:
      line_bytes_ = 0;
      body_left_ -= chunk_left_;
      return expect(c == '\n', chunk_left_ != 0 ? State::kData : State::kTrailerFirst);
    case State::kDataReturn: return expect(c == '\r', State::kDataLineFeed);
    case State::kDataLineFeed: return expect(c == '\n', State::kSizeFirst);
    case State::kTrailerFirst:
      if (c == '\r') return expect(true, State::kEndLineFeed);
      return expect(IsToken(c), State::kTrailerName);
    case State::kTrailerName:
      if (c == ':') return expect(true, State::kTrailerValue);
      return expect(IsToken(c), State::kTrailerName);
    case State::kTrailerValue:
      if (c == '\r') return expect(true, State::kTrailerLineFeed);
      return expect(!IsControl(c), State::kTrailerValue);
    case State::kTrailerLineFeed: return expect(c == '\n', State::kTrailerFirst);
    case State::kEndLineFeed: return c == '\n' ? Status::kDone : Status::kMalformed;
    case State::kData: break;  // Decode's
  }
  return Status::kMalformed;
}

ChunkDecoder::Status ChunkDecoder::TakeDigit(char c) {
  const int value = HexValue(c);
  if (value < 0) return Status::kMalformed;
  // body_left_ is what the chunks before this one left; checking at each digit, the sum cannot wrap.
  chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(value);
  if (chunk_left_ > body_left_) return Status::kBodyTooLarge;
  state_ = State::kSize;
  return Status::kMore;
}

}  // namespace audit::http
