#include "http/gzip_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace audit::http {
namespace {

constexpr std::size_t kFirstCapacity = 64U << 10;
constexpr std::size_t kKeptCapacity = 1U << 20;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib's way to say so; neither its own wrapper nor raw deflate

}  // namespace

struct GzipDecoder::Stream {
  z_stream z{};
  bool ready = false;
  Stream() { ready = ::inflateInit2(&z, kGzipOnly) == Z_OK; }
  ~Stream() { ::inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

GzipDecoder::GzipDecoder() = default;
GzipDecoder::~GzipDecoder() = default;

std::variant<std::string_view, Fault> GzipDecoder::Decode(std::span<const char> body, std::size_t max_bytes) {
  if (body.size() > std::numeric_limits<uInt>::max()) return Fault::kBodyTooLarge;
  if (stream_ == nullptr) stream_ = std::make_unique<Stream>();
  z_stream& z = stream_->z;
  if (!stream_->ready || ::inflateReset(&z) != Z_OK) return Fault::kMalformedEncoding;

  z.next_in = reinterpret_cast<z_const Bytef*>(const_cast<char*>(body.data()));  // zlib does not write there
  z.avail_in = static_cast<uInt>(body.size());
  std::size_t used = 0;
  while (true) {
    // One byte of room past the bound, so that a body of exactly the bound can end.
    if (used == capacity_ && !Grow(used, max_bytes + 1)) return Fault::kBodyTooLarge;
    const std::size_t room = std::min<std::size_t>(capacity_ - used, std::numeric_limits<uInt>::max());
    z.next_out = reinterpret_cast<Bytef*>(memory_.get() + used);
    z.avail_out = static_cast<uInt>(room);
    const int status = ::inflate(&z, Z_NO_FLUSH);
    used += room - z.avail_out;
    if (used > max_bytes) return Fault::kBodyTooLarge;
    if (status == Z_STREAM_END) break;
    // Z_OK with room left means that the input ended first; Z_BUF_ERROR that it had ended already.
    if (status != Z_OK || z.avail_out != 0) return Fault::kMalformedEncoding;
  }
  if (z.avail_in != 0) return Fault::kMalformedEncoding;  // garbage, or another member
  return std::string_view(memory_.get(), used);
}

void GzipDecoder::Trim() {
  if (capacity_ <= kKeptCapacity) return;
  memory_.reset();
  capacity_ = 0;
}

bool GzipDecoder::Grow(std::size_t used, std::size_t max_bytes) {
  const std::size_t capacity = std::min(std::max(kFirstCapacity, capacity_ * 2), max_bytes);
  if (capacity <= used) return false;
  auto memory = std::make_unique_for_overwrite<char[]>(capacity + kBodyPadding);
  if (used != 0) std::memcpy(memory.get(), memory_.get(), used);
  memory_ = std::move(memory);
  capacity_ = capacity;
  return true;
}

}  // namespace audit::http
