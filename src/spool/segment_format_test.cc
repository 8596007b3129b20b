#include "spool/segment_format.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "spool/position_file.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(byte) >> 4U];
    hex += kDigits[static_cast<unsigned char>(byte) & 15U];
  }
  return hex;
}

// The hex dump that follows `heading` in the format's page: lines of an offset and its bytes.
std::string DumpIn(const std::string& page, const std::string& heading) {
  std::istringstream lines(page.substr(page.find(heading)));
  std::string hex;
  std::string line;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("```")) {
      if (inside) break;
      inside = true;
    } else if (inside) {
      const std::string bytes = line.substr(line.find(' '));
      for (const char c : bytes.substr(0, bytes.find('|'))) {
        if (c != ' ') hex += c;
      }
    }
  }
  return hex;
}

class WorkedExample : public SpoolTest {
 protected:
  WorkedExample() {
    std::ifstream file(AUDIT_SOURCE_DIR "/docs/formats/spool.md");
    std::ostringstream text;
    text << file.rdbuf();
    page_ = text.str();
  }
  std::string page_;
};

TEST_F(WorkedExample, TheCodeWritesTheBytesThatThePageShows) {
  // As the page says: sequence 41 and 42 in one Append, queued while 3 records were not yet synced.
  const SegmentHeader header{64U << 20, 7, {41}, 0x5EED5A17};
  EXPECT_EQ(Hex(EncodeSegmentHeader(header)).substr(0, 2 * kSegmentHeaderBytes),
            DumpIn(page_, "### The segment header"));
  const std::string payload = R"({"id":"1"})";
  std::string record(RecordBytes(payload.size()), '?');
  RecordHeader fields;
  fields.sequence = {41};
  fields.appended_at = {1'774'958'400'000'000};
  fields.unsynced = 3;
  fields.more_follows = true;
  EncodeRecord(record.data(), fields, PayloadChecksum(payload), header.salt, payload);
  EXPECT_EQ(Hex(record), DumpIn(page_, "### A record"));
  EXPECT_EQ(Hex(EncodePositionSlot(12, {40})).substr(0, 2 * kPositionSlotUsedBytes),
            DumpIn(page_, "### A position slot"));
}

TEST_F(WorkedExample, WhatASpoolWritesIsWhatTheFormatSays) {
  auto spool = Open();
  Append(*spool, {"payload"});
  ASSERT_TRUE(spool->Flush().ok());
  const std::string& bytes = *files_->Bytes("spool/0000000000000001.segment");
  ASSERT_EQ(bytes.size(), kTestSegment);
  const auto header = DecodeSegmentHeader(bytes);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->number, 1U);
  EXPECT_EQ(header->first, Sequence{1});
  EXPECT_EQ(header->segment_bytes, kTestSegment);
  const char* record = bytes.data() + kHeaderBlockBytes;
  const RecordHeader fields = DecodeRecordHeader(record);
  EXPECT_EQ(fields.sequence, Sequence{1});
  EXPECT_EQ(fields.length, 7U);
  EXPECT_EQ(fields.unsynced, 0U);
  EXPECT_FALSE(fields.more_follows);
  EXPECT_TRUE(ChecksumHolds(record, fields, header->salt));
}

TEST(SegmentFormatTest, EitherCopyOfTheHeaderIsEnoughAndNoneIsNothing) {
  const SegmentHeader header{1U << 20, 3, {9}, 77};
  std::string block = EncodeSegmentHeader(header);
  ASSERT_EQ(block.size(), kHeaderBlockBytes);
  for (std::size_t byte = 0; byte < kSegmentHeaderBytes; ++byte) {
    std::string bad = block;
    bad[byte] ^= 0x20;
    EXPECT_EQ(DecodeSegmentHeader(bad), header) << byte;
    bad[kHeaderCopyOffset + byte] ^= 0x20;
    EXPECT_FALSE(DecodeSegmentHeader(bad).has_value()) << byte;
  }
  EXPECT_FALSE(DecodeSegmentHeader("").has_value());
  EXPECT_FALSE(DecodeSegmentHeader(std::string_view(block).substr(0, kSegmentHeaderBytes - 1)).has_value());
}

TEST(SegmentFormatTest, ARecordOfAnEarlierLifeOfTheFileNeverValidates) {
  std::string record(RecordBytes(3), '?');
  RecordHeader fields;
  fields.sequence = {1};
  EncodeRecord(record.data(), fields, PayloadChecksum("abc"), 1, "abc");
  fields = DecodeRecordHeader(record.data());
  EXPECT_TRUE(ChecksumHolds(record.data(), fields, 1));
  EXPECT_FALSE(ChecksumHolds(record.data(), fields, 2));
}

// On-disk values never change.
static_assert(kFormatVersion == 1);
static_assert(kHeaderBlockBytes == 4096 && kHeaderCopyOffset == 2048 && kSegmentHeaderBytes == 48);
static_assert(kRecordHeaderBytes == 32 && kRecordAlignment == 8);
static_assert(kPositionSlotBytes == 4096 && kPositionSlotUsedBytes == 32);
static_assert(kSegmentMagic == "AMSPOOL\n" && kPositionMagic == "AMSPOSN\n");
static_assert(RecordBytes(0) == 32 && RecordBytes(1) == 40 && RecordBytes(8) == 40 && RecordBytes(9) == 48);

}  // namespace
}  // namespace audit::spool
