#include "store/postgres/binary.h"

#include <gtest/gtest.h>

#include "store/postgres/rows.h"
#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

// Reads what the encoder writes, as the server does.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::string_view Take(std::size_t size) {
    EXPECT_LE(size, bytes_.size());
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }
  std::int64_t Integer(std::size_t size) {
    std::int64_t value = static_cast<signed char>(bytes_.front()) < 0 ? -1 : 0;
    for (const char byte : Take(size)) value = value * 256 + static_cast<unsigned char>(byte);
    return value;
  }
  std::optional<std::string> Field() {
    const std::int64_t size = Integer(4);
    if (size < 0) return std::nullopt;
    return std::string(Take(static_cast<std::size_t>(size)));
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

constexpr std::string_view kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

TEST(CopyEncoder, WritesHeaderRowsAndTrailer) {
  SampleEvent event;
  event.subject = "registrant/7";
  event.reason = "";
  event.details = R"({"a":1})";
  event.occurred_at = At("2000-01-01T00:00:01Z");
  CopyEncoder encoder;
  encoder.Begin();
  encoder.Append(event.record());
  encoder.End();

  Reader reader(encoder.bytes());
  EXPECT_EQ(reader.Take(kHeader.size()), kHeader);
  EXPECT_EQ(reader.Integer(2), 14);
  EXPECT_EQ(reader.Field(), "e-1");
  EXPECT_EQ(reader.Integer(4), 8);
  EXPECT_EQ(reader.Integer(8), 1'000'000);
  for (const char* value : {"/registry", "org.example.login", "registrant/7", "user", "u-1"}) {
    EXPECT_EQ(reader.Field(), value);
  }
  EXPECT_EQ(reader.Field(), std::nullopt);  // resource_type
  EXPECT_EQ(reader.Field(), std::nullopt);  // resource_id
  EXPECT_EQ(reader.Field(), "login");
  EXPECT_EQ(reader.Field(), "success");
  EXPECT_EQ(reader.Field(), "");  // an empty reason is not NULL
  EXPECT_EQ(reader.Field(), std::nullopt);
  EXPECT_EQ(reader.Field(), "\x01{\"a\":1}");
  EXPECT_EQ(reader.Integer(2), -1);
  EXPECT_TRUE(reader.empty());
}

TEST(CopyEncoder, AnOrdinalComesFirst) {
  CopyEncoder encoder;
  encoder.Begin();
  encoder.Append(SampleEvent().record(), 258);
  Reader reader(encoder.bytes());
  reader.Take(kHeader.size());
  EXPECT_EQ(reader.Integer(2), 15);
  EXPECT_EQ(reader.Integer(4), 4);
  EXPECT_EQ(reader.Integer(4), 258);
  EXPECT_EQ(reader.Field(), "e-1");
}

TEST(CopyEncoder, TimesBeforeItsEpochAreNegative) {
  SampleEvent event;
  event.occurred_at = At("1999-12-31T23:59:59.999999Z");
  CopyEncoder encoder;
  encoder.Begin();
  encoder.Append(event.record());
  Reader reader(encoder.bytes());
  reader.Take(kHeader.size() + 2);
  reader.Field();
  reader.Take(4);
  const std::string_view time = reader.Take(8);
  EXPECT_EQ(time, std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff"));
  EXPECT_EQ(UnixMicrosOfBinary(time), event.occurred_at.value);
}

TEST(CopyEncoder, PiecesAreWhatTheWholeWouldBe) {
  std::vector<SampleEvent> events = NumberedEvents(0, 500);
  for (SampleEvent& event : events) event.details = R"({"text":")" + std::string(1'000, 'x') + R"("})";
  CopyEncoder whole;
  whole.Begin();
  CopyEncoder piecewise;
  piecewise.Begin();
  std::string pieces;
  for (const SampleEvent& event : events) {
    whole.Append(event.record());
    piecewise.Append(event.record());
    if (piecewise.bytes().size() > 10'000) {
      pieces += piecewise.bytes();
      piecewise.Clear();
    }
  }
  whole.End();
  piecewise.End();
  pieces += piecewise.bytes();
  EXPECT_EQ(pieces, whole.bytes());
}

TEST(UnixMicrosOfBinary, InfinityStaysTheEndOfTheRange) {
  EXPECT_EQ(UnixMicrosOfBinary(std::string_view("\x7f\xff\xff\xff\xff\xff\xff\xff")),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(UnixMicrosOfBinary(std::string_view("\0\0\0\0\0\0\0\0", 8)), kPostgresEpochMicros);
}

}  // namespace
}  // namespace audit::store::postgres
