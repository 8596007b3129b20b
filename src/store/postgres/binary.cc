#include "store/postgres/binary.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace audit::store::postgres {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::int16_t kColumns = 14;
constexpr char kJsonbVersion = 1;
// Of a row: the count, the length words, the ordinal, the time and the version of jsonb.
constexpr std::size_t kFixedBytes = 2 + (kColumns + 1) * 4 + 4 + 8 + 1;

// Writes into memory that is known to be large enough.
class Cursor {
 public:
  explicit Cursor(char* out) : out_(out) {}
  [[nodiscard]] char* position() const { return out_; }

  template <class T>
  void Put(T value) {
    static_assert(std::endian::native == std::endian::little);
    auto* bytes = reinterpret_cast<char*>(&value);
    std::reverse(bytes, bytes + sizeof value);
    Put(std::string_view(bytes, sizeof value));
  }
  void Put(std::string_view bytes) {
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  void PutText(std::string_view text) {
    Put(static_cast<std::int32_t>(text.size()));
    Put(text);
  }
  void PutText(const std::optional<std::string_view>& text) { text ? PutText(*text) : PutNull(); }
  void PutJsonb(const std::optional<std::string_view>& json) {
    if (!json) return PutNull();
    Put(static_cast<std::int32_t>(json->size() + 1));
    *out_++ = kJsonbVersion;
    Put(*json);
  }
  void PutNull() { Put(std::int32_t{-1}); }

 private:
  char* out_;
};

std::size_t Size(const std::optional<std::string_view>& text) { return text ? text->size() : 0; }

std::size_t UpperBound(const event::Record& r) {
  return kFixedBytes + r.id.size() + r.source.size() + r.type.size() + Size(r.subject) + r.actor_type.size() +
         r.actor_id.size() + Size(r.resource_type) + Size(r.resource_id) + r.action.size() + r.outcome.size() +
         Size(r.reason) + Size(r.trace_id) + Size(r.details);
}

}  // namespace

void CopyEncoder::Begin() {
  used_ = 0;
  if (buffer_.size() < kSignature.size() + 8) buffer_.resize(kSignature.size() + 8);
  Cursor out(buffer_.data());
  out.Put(kSignature);
  out.Put(std::int32_t{0});  // flags
  out.Put(std::int32_t{0});  // length of the header's extension
  used_ = kSignature.size() + 8;
}

void CopyEncoder::AppendRow(const event::Record& record, const std::uint32_t* ordinal) {
  const std::size_t needed = used_ + UpperBound(record);
  if (buffer_.size() < needed) buffer_.resize(std::max(needed, 2 * buffer_.size()));
  Cursor out(buffer_.data() + used_);
  out.Put(static_cast<std::int16_t>(kColumns + (ordinal != nullptr ? 1 : 0)));
  if (ordinal != nullptr) {
    out.Put(std::int32_t{sizeof *ordinal});
    out.Put(*ordinal);
  }
  out.PutText(record.id);
  out.Put(std::int32_t{sizeof(std::int64_t)});
  out.Put(record.occurred_at.value - kPostgresEpochMicros);
  out.PutText(record.source);
  out.PutText(record.type);
  out.PutText(record.subject);
  out.PutText(record.actor_type);
  out.PutText(record.actor_id);
  out.PutText(record.resource_type);
  out.PutText(record.resource_id);
  out.PutText(record.action);
  out.PutText(record.outcome);
  out.PutText(record.reason);
  out.PutText(record.trace_id);
  out.PutJsonb(record.details);
  used_ = static_cast<std::size_t>(out.position() - buffer_.data());
}

void CopyEncoder::End() {
  if (buffer_.size() < used_ + 2) buffer_.resize(used_ + 2);
  Cursor(buffer_.data() + used_).Put(std::int16_t{-1});
  used_ += 2;
}

}  // namespace audit::store::postgres
