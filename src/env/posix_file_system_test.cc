#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "env/file_system.h"

namespace audit::env {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "audit-env-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  FileSystem& files_ = PosixFileSystem();
  std::string directory_;
};

TEST_F(PosixFileSystemTest, WhatIsWrittenIsReadBackAndNamed) {
  auto file = files_.Open(directory_ + "/a", OpenMode::kCreate);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(WriteAllAt(**file, 3, "hello").ok());
  ASSERT_TRUE((*file)->Sync().ok());
  EXPECT_EQ((*file)->Size().value(), 8U);
  std::array<char, 16> buffer{};
  EXPECT_EQ((*file)->ReadAt(3, buffer).value(), 5U);
  EXPECT_EQ(std::string_view(buffer.data(), 5), "hello");
  ASSERT_TRUE(files_.Rename(directory_ + "/a", directory_ + "/b").ok());
  ASSERT_TRUE(files_.SyncDirectory(directory_).ok());
  EXPECT_EQ(files_.List(directory_).value(), std::vector<std::string>{"b"});
}

TEST_F(PosixFileSystemTest, ASecondLockIsRefusedUntilTheFirstIsGone) {
  auto first = files_.Lock(directory_ + "/LOCK");
  ASSERT_TRUE(first.ok());
  const auto second = files_.Lock(directory_ + "/LOCK");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  first.value().reset();
  EXPECT_TRUE(files_.Lock(directory_ + "/LOCK").ok());
}

TEST_F(PosixFileSystemTest, AMissingFileIsNotFoundAndNamed) {
  const auto file = files_.Open(directory_ + "/none", OpenMode::kRead);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(file.error().message().find("none"), std::string::npos);
}

}  // namespace
}  // namespace audit::env
