#include "env/memory_file_system.h"

#include <gtest/gtest.h>

#include <array>

namespace audit::env {
namespace {

std::string Contents(FileSystem& files, const std::string& path) {
  auto file = files.Open(path, OpenMode::kRead);
  if (!file.ok()) return "(none)";
  std::array<char, 4096> buffer{};
  return {buffer.data(), (*file)->ReadAt(0, buffer).value()};
}

TEST(MemoryFileSystemTest, APowerCutKeepsWhatWasSyncedAndMayTakeTheRest) {
  bool lost = false;
  bool kept = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryFileSystem files;
    ASSERT_TRUE(files.CreateDirectories("d").ok());
    ASSERT_TRUE(files.SyncDirectory(".").ok());
    auto file = files.Open("d/f", OpenMode::kCreate);
    ASSERT_TRUE(WriteAllAt(**file, 0, std::string(512, 'a')).ok());
    ASSERT_TRUE((*file)->Sync().ok());
    ASSERT_TRUE(files.SyncDirectory("d").ok());
    ASSERT_TRUE(WriteAllAt(**file, 512, std::string(512, 'b')).ok());
    const auto random = NewSeededRandom(seed);
    files.PowerCut(*random);
    const std::string left = Contents(files, "d/f");
    EXPECT_EQ(left.substr(0, 512), std::string(512, 'a'));
    (left.size() == 512 ? lost : kept) = true;
  }
  EXPECT_TRUE(lost);
  EXPECT_TRUE(kept);
}

TEST(MemoryFileSystemTest, ANameIsDurableOnlyAfterItsFolderIsSynced) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MemoryFileSystem files;
    ASSERT_TRUE(files.CreateDirectories("d").ok());
    ASSERT_TRUE(files.SyncDirectory(".").ok());
    auto file = files.Open("d/f", OpenMode::kCreate);
    ASSERT_TRUE((*file)->Sync().ok());
    const auto random = NewSeededRandom(seed);
    files.PowerCut(*random);
    lost = lost || !files.Open("d/f", OpenMode::kRead).ok();
  }
  EXPECT_TRUE(lost);
}

TEST(MemoryFileSystemTest, AWritePastTheCapacityIsRefused) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.CreateDirectories("d").ok());
  files.SetCapacity(100);
  auto file = files.Open("d/f", OpenMode::kCreate);
  ASSERT_TRUE(WriteAllAt(**file, 0, std::string(100, 'a')).ok());
  const auto more = (*file)->WriteAt(100, "b");
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code(), ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace audit::env
