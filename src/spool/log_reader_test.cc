#include "spool/log_reader.h"

#include <gmock/gmock.h>

#include "env/faulting_file_system.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogReaderTest : public SpoolTest {
 protected:
  // One record a flush: "0", "1", ... each `bytes` long.
  std::vector<std::string> Fill(Spool& spool, int records, std::size_t bytes) {
    std::vector<std::string> payloads;
    for (int i = 0; i < records; ++i) {
      std::string payload = std::to_string(i);
      payload.resize(bytes, '.');
      EXPECT_EQ(Append(spool, {payload}).status, AppendStatus::kAccepted);
      EXPECT_TRUE(spool.Flush().ok());
      payloads.push_back(std::move(payload));
    }
    return payloads;
  }
};

TEST_F(LogReaderTest, RecordsComeInOrderAcrossSegmentsWhateverTheBounds) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  const auto payloads = Fill(*spool, 60, 900);
  for (const std::size_t max_records : {1U, 2U, 7U, 1000U}) {
    reader->Rewind();
    EXPECT_EQ(Drain(*reader, max_records), payloads);
  }
}

TEST_F(LogReaderTest, BytesAreBoundedButOneRecordAlwaysComes) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  Fill(*spool, 6, 1000);
  EXPECT_EQ(reader->Read(100, 2500)->size(), 3U);  // ends with the one that reaches the bound
  EXPECT_EQ(reader->Read(100, 1)->size(), 1U);
  EXPECT_EQ(reader->Read(0, 1000)->size(), 0U);
  EXPECT_EQ(reader->Read(100, 100'000)->size(), 2U);
}

TEST_F(LogReaderTest, ARecordLargerThanTheWindowIsReadWhole) {
  options_.segment_bytes = 1U << 20;
  options_.max_bytes = 8U << 20;
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  const std::vector<std::string> payloads = {"small", std::string(900'000, 'L'), "small again"};
  Append(*spool, payloads);
  ASSERT_TRUE(spool->Flush().ok());
  std::vector<std::string> got;
  while (got.size() < 3) {
    const auto views = reader->Read(10, 1000).value();
    ASSERT_FALSE(views.empty());
    for (const RecordView& view : views) got.emplace_back(view.payload);
  }
  EXPECT_EQ(got, payloads);
}

TEST_F(LogReaderTest, BytesBehindEveryPayloadAreReadable) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  Fill(*spool, 30, 700);
  while (true) {
    const auto views = reader->Read(4, 100'000).value();
    if (views.empty()) break;
    for (const RecordView& view : views) {
      // Under AddressSanitizer a byte too far ends the test.
      unsigned sum = 0;
      for (std::size_t i = 0; i < kPayloadPadding; ++i) {
        sum += static_cast<unsigned char>(view.payload.data()[view.payload.size() + i]);
      }
      EXPECT_GE(sum, 0U);
    }
  }
}

TEST_F(LogReaderTest, NothingThatIsNotSyncedIsGivenOut) {
  env::FaultingFileSystem broken(*files_);
  auto spool = TryOpen(broken).value();
  auto reader = spool->OpenReader("persister").value();
  Fill(*spool, 1, 10);
  Append(*spool, {"written only"});
  broken.Arm(env::Fault::kIoError, 2);
  ASSERT_FALSE(spool->Flush().ok());
  EXPECT_EQ(Drain(*reader).size(), 1U);
  EXPECT_FALSE(reader->Commit({2}).ok());
}

TEST_F(LogReaderTest, RewindGivesAgainWhatWasNotCommitted) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  Fill(*spool, 5, 1);
  EXPECT_EQ(reader->Read(4, 1000)->size(), 4U);
  ASSERT_TRUE(reader->Commit({2}).ok());
  reader->Rewind();
  EXPECT_THAT(Drain(*reader), ElementsAre("2", "3", "4"));
}

TEST_F(LogReaderTest, PositionsNeverGoBack) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  Fill(*spool, 5, 1);
  ASSERT_TRUE(reader->Commit({4}).ok());
  ASSERT_TRUE(reader->Commit({2}).ok());
  EXPECT_EQ(reader->committed(), Sequence{4});
}

TEST_F(LogReaderTest, OneReaderANameAndOnlyTheNamedOnes) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  EXPECT_EQ(spool->OpenReader("persister").error().code(), ErrorCode::kLocked);
  EXPECT_EQ(spool->OpenReader("stranger").error().code(), ErrorCode::kInvalidArgument);
  reader.reset();
  EXPECT_TRUE(spool->OpenReader("persister").ok());
}

TEST_F(LogReaderTest, AReaderThatIsNewStartsAtTheOldestThereIsAndThatIsNoDamage) {
  {
    auto spool = Open();
    auto reader = spool->OpenReader("persister").value();
    Fill(*spool, 40, 900);
    ASSERT_TRUE(reader->Commit({40}).ok());
    ASSERT_TRUE(spool->Maintain().ok());
  }
  options_.readers = {"persister", "forwarder"};
  auto spool = Open();
  auto reader = spool->OpenReader("forwarder").value();
  const auto rest = Drain(*reader);
  EXPECT_FALSE(rest.empty());
  EXPECT_LT(rest.size(), 40U);
  EXPECT_EQ(rest.back().substr(0, 2), "39");
  EXPECT_THAT(observer_.damage, IsEmpty());
}

TEST_F(LogReaderTest, AFailedReadIsAnErrorAndTheNextOneGoesOn) {
  env::FaultingFileSystem broken(*files_);
  auto spool = TryOpen(broken).value();
  auto reader = spool->OpenReader("persister").value();
  const auto payloads = Fill(*spool, 3, 10);
  broken.Arm(env::Fault::kIoError, 2);  // open, read
  const auto views = reader->Read(10, 1000);
  ASSERT_FALSE(views.ok());
  EXPECT_EQ(views.error().code(), ErrorCode::kIo);
  EXPECT_EQ(Drain(*reader), payloads);
  EXPECT_THAT(observer_.damage, IsEmpty());
}

}  // namespace
}  // namespace audit::spool
