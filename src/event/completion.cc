#include "event/completion.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>

#include "event/uuid.h"
#include "time/rfc3339.h"

namespace audit::event {
namespace {

struct Filling {
  Field field = Field::kId;
  const char* null_at = nullptr;  // the null to replace; null itself: the field is absent
  std::string value;
};

constexpr std::string_view kNull = "null";
constexpr std::size_t kAroundMember = 6;  // two pairs of quotes, a colon and a comma

// Writes into room that was measured before.
class Splicer {
 public:
  Splicer(std::size_t size, std::pmr::memory_resource& memory)
      : begin_(static_cast<char*>(memory.allocate(size, 1))), out_(begin_) {}

  std::string_view Put(std::string_view bytes) {
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
    return {out_ - bytes.size(), bytes.size()};
  }
  // Returns where the value stands, its quotes left out.
  std::string_view PutQuoted(std::string_view plain) {
    Put("\"");
    const std::string_view value = Put(plain);
    Put("\"");
    return value;
  }
  [[nodiscard]] std::string_view written() const { return {begin_, static_cast<std::size_t>(out_ - begin_)}; }

 private:
  char* begin_;
  char* out_;
};

std::string_view Splice(std::string_view event, std::span<const Filling> fillings, std::pmr::memory_resource& memory,
                        Record* record) {
  std::size_t size = event.size();
  for (const Filling& filling : fillings) size += PathOf(filling.field).size() + filling.value.size() + kAroundMember;
  Splicer out(size, memory);
  const auto put_value = [&](const Filling& filling) {
    const std::string_view value = out.PutQuoted(filling.value);
    if (filling.field == Field::kId) record->id = value;
  };

  const char* copied = event.data() + 1;
  const char* const end = event.data() + event.size();
  out.Put("{");
  for (const Filling& filling : fillings) {
    if (filling.null_at != nullptr) continue;
    out.PutQuoted(PathOf(filling.field));
    out.Put(":");
    put_value(filling);
    out.Put(",");  // `source` at least follows: without it no event gets here
  }
  for (const Filling& filling : fillings) {
    if (filling.null_at == nullptr) continue;
    out.Put({copied, static_cast<std::size_t>(filling.null_at - copied)});
    put_value(filling);
    copied = filling.null_at + kNull.size();
  }
  out.Put({copied, static_cast<std::size_t>(end - copied)});
  return out.written();
}

}  // namespace

std::string_view Complete(const ScannedEvent& event, const Completing& with, std::pmr::memory_resource& memory,
                          Record* record) {
  std::array<Filling, 4> fillings;
  std::size_t count = 0;
  const auto fill = [&](Field field, std::string value) {
    const JsonToken* const null = event.FindEvenNull(field);
    fillings[count++] = {field, null == nullptr ? nullptr : null->text.data(), std::move(value)};
  };
  if (event.Find(Field::kSpecversion) == nullptr) fill(Field::kSpecversion, "1.0");
  if (event.Find(Field::kId) == nullptr) {
    const std::uint64_t high = with.random();
    const UuidText uuid = MakeUuidV7(with.now, high, with.random());
    fill(Field::kId, std::string(uuid.data(), uuid.size()));
  }
  if (event.Find(Field::kTime) == nullptr) fill(Field::kTime, time::FormatMicros(record->occurred_at));
  if (!with.traceparent.empty() && event.Find(Field::kTraceparent) == nullptr) {
    fill(Field::kTraceparent, std::string(with.traceparent));
  }
  if (count == 0) return event.text;

  std::sort(fillings.begin(), fillings.begin() + count,
            [](const Filling& a, const Filling& b) { return a.null_at < b.null_at; });
  return Splice(event.text, {fillings.data(), count}, memory, record);
}

}  // namespace audit::event
