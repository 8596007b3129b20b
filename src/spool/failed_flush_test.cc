#include "spool/failed_flush.h"

#include <gmock/gmock.h>

#include "env/faulting_file_system.h"
#include "spool/inspect.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::HasSubstr;

constexpr time::UnixMicros kAt{1'774'958'400'123'456};  // 2026-03-31T12:00:00.123456Z

class FailedFlushTest : public SpoolTest {
 protected:
  FailedFlushTest() { EXPECT_TRUE(files_->CreateDirectories("spool").ok()); }
};

TEST_F(FailedFlushTest, IsReadAsItWasWritten) {
  EXPECT_FALSE(ReadFailedFlush(*files_, "spool").value().has_value());
  ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {kAt, "sync spool/1.segment: Input/output error"}).ok());
  const FailedFlush read = ReadFailedFlush(*files_, "spool").value().value();
  EXPECT_EQ(read.at.value, kAt.value);
  EXPECT_EQ(read.error, "sync spool/1.segment: Input/output error");
  EXPECT_THAT(*files_->Bytes("spool/failed_flush"),
              testing::StartsWith("2026-03-31T12:00:00.123456Z sync spool/1.segment: Input/output error  "));
}

TEST_F(FailedFlushTest, TheLatestTakesThePlaceOfTheOneBefore) {
  ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {kAt, std::string(2'000, 'x') + "\n"}).ok());
  EXPECT_EQ(files_->Bytes("spool/failed_flush")->size(), kFailedFlushBytes);
  EXPECT_THAT(ReadFailedFlush(*files_, "spool").value()->error, HasSubstr("xxx"));
  ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {{kAt.value + 1}, "short\nand a second line"}).ok());
  const FailedFlush read = ReadFailedFlush(*files_, "spool").value().value();
  EXPECT_EQ(read.at.value, kAt.value + 1);
  EXPECT_EQ(read.error, "short and a second line");
}

TEST_F(FailedFlushTest, SurvivesAPowerCutWhereTheDiskWorksAgain) {
  ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {kAt, "sync"}).ok());
  files_->PowerCut(*random_);
  EXPECT_EQ(ReadFailedFlush(*files_, "spool").value()->error, "sync");
}

// The page cache has it, and with that the next process.
TEST_F(FailedFlushTest, SyncsThatGoOnFailingDoNotPreventIt) {
  for (unsigned call = 1;; ++call) {
    env::FaultingFileSystem broken(*files_);
    broken.Arm(env::Fault::kIoError, call);
    const auto written = WriteFailedFlush(broken, "spool", {{kAt.value + call}, "sync"});
    const auto read = ReadFailedFlush(*files_, "spool");
    if (written) {
      EXPECT_EQ(read.value()->at.value, kAt.value + call) << call;
    } else {
      EXPECT_LE(call, 2U) << "only opening and writing may fail it";
    }
    if (!broken.struck()) {
      EXPECT_EQ(broken.calls(), 4U) << "open, write, sync, sync of the folder";
      return;
    }
  }
}

TEST_F(FailedFlushTest, WhatIsNoneIsSaidWithItsPath) {
  for (const char* text : {"", "\n", "long ago", "2026-03-31T12:00:00Z"}) {
    ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {kAt, "sync"}).ok());
    *files_->Bytes("spool/failed_flush") = text;
    const auto read = ReadFailedFlush(*files_, "spool");
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt);
    EXPECT_THAT(read.error().message(), HasSubstr("spool/failed_flush"));
  }
}

TEST_F(FailedFlushTest, NeitherTheLogNorTheVerifierTakesItForDamage) {
  {
    auto spool = Open();
    Append(*spool, {"kept"});
    ASSERT_TRUE(spool->Flush().ok());
  }
  ASSERT_TRUE(WriteFailedFlush(*files_, "spool", {kAt, "sync spool/1: Input/output error"}).ok());
  const Inspection inspection = Inspect(*files_, "spool").value();
  EXPECT_FALSE(inspection.damaged());
  EXPECT_THAT(ToText(inspection), HasSubstr("because a flush failed, at 2026-03-31T12:00:00.123456Z: sync spool/1: "));
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  EXPECT_THAT(Drain(*reader), testing::ElementsAre("kept"));
  EXPECT_TRUE(ReadFailedFlush(*files_, "spool").value().has_value()) << "a start keeps it";
}

}  // namespace
}  // namespace audit::spool
