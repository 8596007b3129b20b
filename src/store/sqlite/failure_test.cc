// What the embedded store does when its files fail it: locked, full, broken, or the process killed.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "sqlite/database.h"
#include "sqlite/faulting_vfs.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using sqlite::FaultingVfs;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

class StoreFailureTest : public StoreTest {
 protected:
  // Another process, as far as SQLite can tell.
  sqlite::Database OtherConnection() {
    auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadWrite, {});
    EXPECT_TRUE(database.ok());
    return std::move(database).value();
  }
};

TEST_F(StoreFailureTest, AFileLockedByAnotherProcessIsRetryableAndTheProbeSaysSo) {
  Write({Numbered(1)});
  {
    sqlite::Database other = OtherConnection();
    ASSERT_TRUE(other.Execute("BEGIN IMMEDIATE").ok());
    const auto locked = TryWrite({Numbered(2)});
    ASSERT_FALSE(locked.ok());
    EXPECT_EQ(locked.error().code(), ErrorCode::kLocked);
    EXPECT_TRUE(locked.error().retryable());
    EXPECT_THAT(locked.error().message(), HasSubstr("24.db"));
    EXPECT_EQ(store_->Check().error().code(), ErrorCode::kLocked);
  }
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
  EXPECT_TRUE(store_->Check().ok());
}

TEST_F(StoreFailureTest, AFileLockedWhileItIsOpenedIsRetryable) {
  Write({Numbered(1)});
  store_.reset();
  Open();
  {
    sqlite::Database other = OtherConnection();
    ASSERT_TRUE(other.Execute("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT").ok());
    const auto locked = TryWrite({Numbered(2)});
    ASSERT_FALSE(locked.ok());
    EXPECT_EQ(locked.error().code(), ErrorCode::kLocked);
  }
  EXPECT_THAT(Write({Numbered(2)}), ElementsAre(Outcome::kStored));
}

TEST_F(StoreFailureTest, DaysBeforeTheLockedOneStayAndAnswerDuplicate) {
  const SampleEvent yesterday = Numbered(1, "2026-11-23T10:00:00Z");
  Write({Numbered(2)});
  {
    sqlite::Database other = OtherConnection();
    ASSERT_TRUE(other.Execute("BEGIN IMMEDIATE").ok());
    EXPECT_FALSE(TryWrite({Numbered(3), yesterday}).ok());
  }
  EXPECT_THAT(Write({Numbered(3), yesterday}), ElementsAre(Outcome::kStored, Outcome::kDuplicate));
}

TEST_F(StoreFailureTest, ARecordThatTheFileRefusesIsRejectedAndTheOthersStored) {
  Write({Numbered(1)});
  ASSERT_TRUE(OtherConnection()
                  .Execute("CREATE TRIGGER refuse BEFORE INSERT ON audit_events WHEN new.action = 'bad' "
                           "BEGIN SELECT raise(ABORT, 'not this one'); END")
                  .ok());
  SampleEvent bad = Numbered(3);
  bad.action = "bad";
  EXPECT_THAT(Write({Numbered(2), bad, Numbered(4)}),
              ElementsAre(Outcome::kStored, Outcome::kRejected, Outcome::kStored));
  EXPECT_THAT(reasons_[1], HasSubstr("not this one"));
  EXPECT_EQ(Ids().size(), 3U);
}

TEST_F(StoreFailureTest, ADamagedFileIsNamedWithTheRemedyAndLeftAsItIs) {
  Write(NumberedEvents(1, 200));
  store_.reset();
  const std::string rubbish(4096, 'x');
  std::fstream(DayFilePath(), std::ios::in | std::ios::out | std::ios::binary) << rubbish;
  const auto size = std::filesystem::file_size(DayFilePath());
  Open();
  const auto written = TryWrite({Numbered(1)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("24.db"));
  EXPECT_THAT(written.error().message(), HasSubstr("A damaged file"));
  EXPECT_EQ(std::filesystem::file_size(DayFilePath()), size);
  // Other days are not held up by it.
  EXPECT_THAT(Write({Numbered(1, "2026-11-25T00:00:00Z")}), ElementsAre(Outcome::kStored));
}

TEST_F(StoreFailureTest, WithoutAccessTheFolderIsReported) {
  store_.reset();
  std::filesystem::remove_all(options_.directory);
  std::ofstream(options_.directory) << "a file where the folder should be";
  const auto opened = SqliteAuditStore::Open(options_, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message(), HasSubstr("store"));
}

// A process that is killed right after Write has answered.
TEST_F(StoreFailureTest, WhatWasAnsweredSurvivesAKilledProcess) {
  store_.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    Open();
    const bool stored = TryWrite(NumberedEvents(1, 500)).ok();
    ::_exit(stored ? 0 : 1);  // nothing is closed, nothing checkpointed
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(Ids().size(), 500U);
  Open();
  EXPECT_THAT(Write(NumberedEvents(1, 500)), Each(Outcome::kDuplicate));
}

// Every call that writes fails once, in turn: the whole of making a day file, filling it and closing it.
class StoreFaultTest : public StoreTest, public testing::WithParamInterface<FaultingVfs::Fault> {};

TEST_P(StoreFaultTest, AFailureAtAnyWriteLosesNothingAndDoublesNothing) {
  store_.reset();
  std::uint64_t faults = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    options_.directory = folder_.path() + "/" + std::to_string(nth);
    FaultingVfs vfs;
    Open();
    vfs.FailNth(nth, GetParam());
    std::vector<std::vector<SampleEvent>> batches;
    for (int i = 0; i < 3; ++i) batches.push_back(NumberedEvents(i * 100, 100));
    int answered = 0;
    for (const auto& batch : batches) {
      const auto written = TryWrite(batch);
      if (written) {
        answered += 100;
        continue;
      }
      ++faults;
      ASSERT_TRUE(written.error().retryable()) << nth << ": " << written.error().message();
      // What was answered before is there, and nothing of the failed batch by halves.
      ASSERT_EQ(Ids().size() % 100, 0U) << nth;
      ASSERT_GE(Ids().size(), static_cast<std::size_t>(answered)) << nth;
      const std::vector<Outcome> again = Write(batch);
      ASSERT_TRUE(again == std::vector<Outcome>(100, Outcome::kStored) ||
                  again == std::vector<Outcome>(100, Outcome::kDuplicate))
          << nth;
      answered += 100;
    }
    store_.reset();
    const bool past_the_end = vfs.calls() < nth;
    vfs.Heal();
    ASSERT_EQ(Ids().size(), 300U) << nth;
    if (past_the_end) break;
  }
  EXPECT_GT(faults, 10U);
}

INSTANTIATE_TEST_SUITE_P(, StoreFaultTest, testing::Values(FaultingVfs::Fault::kIo, FaultingVfs::Fault::kNoSpace));

TEST_F(StoreFailureTest, AFullDiskIsNoSpaceAsLongAsItLasts) {
  store_.reset();
  {
    FaultingVfs vfs;
    Open();
    Write({Numbered(1)});
    vfs.FailAll(FaultingVfs::Fault::kNoSpace);
    for (int i = 0; i < 3; ++i) {
      const auto written = TryWrite({Numbered(2), Numbered(3)});
      ASSERT_FALSE(written.ok());
      EXPECT_EQ(written.error().code(), ErrorCode::kNoSpace);
    }
    vfs.Heal();
    EXPECT_THAT(Write({Numbered(2), Numbered(3)}), Each(Outcome::kStored));
    store_.reset();
  }
  EXPECT_EQ(Ids().size(), 3U);
}

TEST_F(StoreFailureTest, AnAnsweredBatchCostsOneSync) {
  store_.reset();
  FaultingVfs vfs;
  Open();
  Write({Numbered(0)});
  Write({Numbered(1)});
  vfs.Heal();
  Write(NumberedEvents(2, 200));
  EXPECT_EQ(vfs.syncs(), 1U);
  store_.reset();
}

}  // namespace
}  // namespace audit::store
