#include "preflight/machine_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "http/listener.h"

namespace audit::preflight {
namespace {

using testing::HasSubstr;

class DiskFactsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("preflight-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    config_.data_dir = folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  config::Config config_;
};

TEST_F(DiskFactsTest, TheDiskIsMeasuredAndNothingIsLeftOnIt) {
  const DiskFacts facts = AskDisk(config_, env::PosixFileSystem());
  EXPECT_TRUE(facts.data_dir_exists);
  EXPECT_TRUE(facts.writable.ok());
  EXPECT_GT(facts.free_bytes, 0U);
  EXPECT_NE(facts.file_system, "");
  ASSERT_TRUE(facts.sync_time.has_value());
  EXPECT_TRUE(facts.sync_time->ok()) << facts.sync_time->error().message();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(DiskFactsTest, AFolderThatIsMissingIsNotMade) {
  config_.data_dir = folder_ / "a" / "b";
  const DiskFacts facts = AskDisk(config_, env::PosixFileSystem());
  EXPECT_FALSE(facts.data_dir_exists);
  EXPECT_EQ(facts.folder, folder_.string());
  EXPECT_TRUE(facts.writable.ok());
  EXPECT_FALSE(facts.sync_time.has_value());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(DiskFactsTest, AFileIsNoFolder) {
  std::ofstream(folder_ / "file") << "x";
  config_.data_dir = folder_ / "file" / "below";
  const DiskFacts facts = AskDisk(config_, env::PosixFileSystem());
  ASSERT_FALSE(facts.writable.ok());
  EXPECT_THAT(facts.writable.error().message(), HasSubstr("is no directory"));
}

TEST_F(DiskFactsTest, WhatTheSpoolHasIsCounted) {
  std::filesystem::create_directories(folder_ / "spool");
  std::ofstream(folder_ / "spool" / "1.seg") << std::string(1'000, 'x');
  EXPECT_EQ(AskDisk(config_, env::PosixFileSystem()).spool_bytes, 1'000U);
}

TEST(MachineFactsTest, APortThatSomebodyListensOnIsSaid) {
  auto taken = http::OpenListenSockets("127.0.0.1", 0, 1);
  ASSERT_TRUE(taken.ok());
  config::Config config;
  config.http.port = taken->port;
  EXPECT_FALSE(AskMachine(config).port.ok());
  taken->sockets.clear();
  const MachineFacts facts = AskMachine(config);
  EXPECT_TRUE(facts.port.ok()) << facts.port.error().message();
  EXPECT_GE(facts.cores, 1U);
  EXPECT_GT(facts.open_files, 0U);
}

}  // namespace
}  // namespace audit::preflight
