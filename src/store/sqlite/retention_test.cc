#include "store/sqlite/retention.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RetentionTest : public StoreTest {
 protected:
  void MakeFolder(const std::string& name) {
    std::filesystem::create_directories(options_.directory + "/" + name);
    std::ofstream(options_.directory + "/" + name + "/24.db") << "rows";
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(RetentionTest, OnlyNamesThatAreExactlyMonthsAreTouched) {
  for (const char* name : {"1999_1", "1999_13", "1999_01.bak", "x1999_01", "old", ".dropping-backup"}) MakeFolder(name);
  std::ofstream(options_.directory + "/1999_02") << "a file";
  std::filesystem::create_directory(folder_.path() + "/elsewhere");
  std::ofstream(folder_.path() + "/elsewhere/24.db") << "rows";
  std::filesystem::create_directory_symlink(folder_.path() + "/elsewhere", options_.directory + "/1999_03");
  const auto before = Names();
  EXPECT_THAT(Maintain(0, 1), IsEmpty());
  EXPECT_EQ(Names(), before);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/elsewhere/24.db"));
}

TEST_F(RetentionTest, ADropThatACrashCutShortIsFinished) {
  MakeFolder(".dropping-2019_01");
  EXPECT_TRUE(Ids().empty());
  Maintain(1, 84);
  EXPECT_THAT(Names(), ElementsAre("2026_11"));
}

TEST_F(RetentionTest, AMonthThatCameBackAfterACutShortDropIsDroppedToo) {
  MakeFolder(".dropping-2019_01");
  MakeFolder("2019_01");
  EXPECT_THAT(Maintain(1, 84), ElementsAre("2019_01"));
  EXPECT_THAT(Names(), ElementsAre("2026_11"));
}

TEST_F(RetentionTest, AReaderOfADroppedMonthFinishesWhatItReads) {
  Write({Numbered(1, "2019-10-01T00:00:00Z"), Numbered(2, "2019-10-01T00:00:00Z")});
  int rows = 0;
  auto read = QueryEvents(options_.directory, {}, [&](const StoredEvent&) {
    if (rows++ == 0) Maintain(1, 84);
    return true;
  });
  EXPECT_TRUE(read.ok());
  EXPECT_EQ(rows, 2);
}

TEST_F(RetentionTest, DaysThatAreNotWrittenAnyMoreAreClosed) {
  Write({Numbered(1)});
  EXPECT_TRUE(std::filesystem::exists(DayFilePath() + "-wal"));
  Maintain(1, 84);
  EXPECT_TRUE(std::filesystem::exists(DayFilePath() + "-wal"));
  Maintain(1, 84);
  EXPECT_FALSE(std::filesystem::exists(DayFilePath() + "-wal"));
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kDuplicate));
}

TEST_F(RetentionTest, MaintenanceAndProbesRunBesideWrites) {
  std::atomic<bool> done{false};
  std::thread maintenance([&] {
    while (!done) Maintain(2, 84);
  });
  std::thread probe([&] {
    while (!done) EXPECT_TRUE(store_->Check().ok());
  });
  for (int i = 0; i < 30; ++i) {
    EXPECT_THAT(Write(NumberedEvents(i * 20, 20)), testing::Each(Outcome::kStored));
    EXPECT_THAT(Write({Numbered(i, "2019-12-01T00:00:00Z")}), ElementsAre(Outcome::kStored));
  }
  done = true;
  maintenance.join();
  probe.join();
  EXPECT_EQ(Ids().size(), 630U);
}

}  // namespace
}  // namespace audit::store
