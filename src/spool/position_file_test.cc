#include "spool/position_file.h"

#include <gtest/gtest.h>

#include "env/faulting_file_system.h"
#include "env/memory_file_system.h"

namespace audit::spool {
namespace {

constexpr const char* kPath = "p.position";

Result<PositionFile> Open(env::FileSystem& files) {
  return PositionFile::Open(files, kPath, env::OpenMode::kReadWrite);
}

TEST(PositionFileTest, TheNewestCommitIsFoundAgain) {
  env::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories(".").ok());
  EXPECT_EQ(Open(files).error().code(), ErrorCode::kNotFound);
  auto position = PositionFile::Create(files, kPath, {7}).value();
  EXPECT_EQ(position.committed(), Sequence{7});
  for (std::uint64_t sequence = 10; sequence < 15; ++sequence) {
    ASSERT_TRUE(position.Commit({sequence}).ok());
    EXPECT_EQ(Open(files)->committed(), Sequence{sequence});
  }
}

TEST(PositionFileTest, ATornCommitLeavesTheOneBefore) {
  env::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories(".").ok());
  auto position = PositionFile::Create(files, kPath, {1}).value();
  for (std::uint64_t sequence = 2; sequence < 6; ++sequence) {
    ASSERT_TRUE(position.Commit({sequence}).ok());
    std::string& bytes = *files.Bytes(kPath);
    const std::string whole = bytes;
    // The slot that was just written.
    bytes.at((sequence - 1) % 2 * kPositionSlotBytes + 24) ^= 0x40;
    EXPECT_EQ(Open(files)->committed(), Sequence{sequence - 1});
    bytes = whole;
  }
}

TEST(PositionFileTest, ACommitThatFailedLeavesTheNewestSlotAloneAlsoTheNextTime) {
  env::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories(".").ok());
  env::FaultingFileSystem broken(files);
  auto position = PositionFile::Create(broken, kPath, {1}).value();
  ASSERT_TRUE(position.Commit({2}).ok());
  for (const std::uint64_t call : {1U, 2U}) {
    broken.Arm(env::Fault::kIoError, call);
    EXPECT_FALSE(position.Commit({3}).ok());
    EXPECT_EQ(position.committed(), Sequence{2});
    files.Bytes(kPath)->at(24) ^= 0x40;  // slot 0: what the failed ones wrote
    EXPECT_EQ(Open(files)->committed(), Sequence{2});
  }
  ASSERT_TRUE(position.Commit({4}).ok());
  EXPECT_EQ(Open(files)->committed(), Sequence{4});
}

TEST(PositionFileTest, TwoBadSlotsAreCorruptAndAFreshFileTakesTheirPlace) {
  env::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories(".").ok());
  auto position = PositionFile::Create(files, kPath, {1}).value();
  ASSERT_TRUE(position.Commit({2}).ok());
  files.Bytes(kPath)->at(20) ^= 1;
  files.Bytes(kPath)->at(kPositionSlotBytes + 20) ^= 1;
  EXPECT_EQ(Open(files).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(PositionFile::Create(files, kPath, {9})->committed(), Sequence{9});
  EXPECT_EQ(Open(files)->committed(), Sequence{9});
}

TEST(PositionFileTest, AFileThatIsCutShortIsCorruptAndNotRead) {
  env::MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories(".").ok());
  auto position = PositionFile::Create(files, kPath, {1}).value();
  for (const std::size_t size : {std::size_t{0}, std::size_t{31}}) {
    files.Bytes(kPath)->resize(size);
    EXPECT_EQ(Open(files).error().code(), ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace audit::spool
