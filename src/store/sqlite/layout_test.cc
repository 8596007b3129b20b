#include "store/sqlite/layout.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

TEST(Layout, ADayIsAFileInTheFolderOfItsMonth) {
  EXPECT_EQ(DayPath("store", DayOf(At("2026-11-24T23:59:59.999999Z"))), "store/2026_11/24.db");
  EXPECT_EQ(DayPath("store", DayOf(At("2026-11-25T00:00:00Z"))), "store/2026_11/25.db");
  EXPECT_EQ(DayPath("store", DayOf(At("1969-12-31T23:59:59Z"))), "store/1969_12/31.db");
  EXPECT_EQ(DayPath("/d", DayOf(At("2024-02-29T12:00:00Z"))), "/d/2024_02/29.db");
}

TEST(Layout, TheDayIsTheOneInUtc) {
  EXPECT_EQ(DayPath("store", DayOf(At("2026-12-01T04:00:00+05:30"))), "store/2026_11/30.db");
}

TEST(Layout, OnlyYearsWithFourDigitsHaveADay) {
  EXPECT_TRUE(HasDay(At("0001-01-01T00:00:00Z")));
  EXPECT_TRUE(HasDay(At("9999-12-31T23:59:59.999999Z")));
  EXPECT_FALSE(HasDay({At("0001-01-01T00:00:00Z").value - 1}));
  EXPECT_FALSE(HasDay({At("9999-12-31T23:59:59.999999Z").value + 1}));
}

TEST(Layout, EveryNameIsReadBackAsItsDay) {
  for (Day day = DayOf(At("2023-12-30T00:00:00Z")); day < DayOf(At("2025-01-02T00:00:00Z"));
       day += std::chrono::days(1)) {
    const std::string path = DayPath("", day);
    EXPECT_EQ(ParseDayFile(MonthOf(day), path.substr(path.rfind('/') + 1)), day) << path;
  }
}

TEST(Layout, OtherNamesAreNoDays) {
  for (const char* name :
       {"31.db", "00.db", "1.db", "24.db-wal", "24.db-shm", "24.DB", "2a.db", "+1.db", "024.db", ".db", ""}) {
    EXPECT_EQ(ParseDayFile({2026, 11}, name), std::nullopt) << name;
  }
  EXPECT_EQ(ParseDayFile({2026, 2}, "29.db"), std::nullopt);
  EXPECT_NE(ParseDayFile({2024, 2}, "29.db"), std::nullopt);
}

TEST(Layout, ListsMonthsAndDaysInOrderAndNothingElse) {
  const TemporaryFolder folder;
  for (const char* name : {"2026_11", "2025_12", ".dropping-2019_01", "2026_13", "lost+found"}) {
    std::filesystem::create_directory(folder.path() + "/" + name);
  }
  for (const char* name : {"2024_01", "dead_letters.db", "2026_11/24.db", "2026_11/03.db", "2026_11/24.db-wal"}) {
    std::ofstream(folder.path() + "/" + name) << "x";
  }
  EXPECT_EQ(ListMonths(folder.path()).value(), (std::vector<Month>{{2025, 12}, {2026, 11}}));
  EXPECT_EQ(ListDays(folder.path(), {2026, 11}).value(),
            (std::vector<Day>{DayOf(At("2026-11-03T00:00:00Z")), DayOf(At("2026-11-24T00:00:00Z"))}));
}

TEST(Layout, AFolderThatIsNotThereIsEmpty) {
  EXPECT_TRUE(ListMonths("/nonexistent/store").value().empty());
  EXPECT_TRUE(ListDays("/nonexistent/store", {2026, 11}).value().empty());
}

}  // namespace
}  // namespace audit::store
