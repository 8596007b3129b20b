#include "store/month.h"

#include <gtest/gtest.h>

namespace audit::store {
namespace {

constexpr std::int64_t kDay = 86'400 * time::kMicrosPerSecond;
constexpr time::UnixMicros k20260228{1'772'236'800 * time::kMicrosPerSecond};
constexpr time::UnixMicros k20240229{1'709'164'800 * time::kMicrosPerSecond};

TEST(Month, LastMicrosecondOfTheYearIsInDecemberAndTheNextInJanuary) {
  const time::UnixMicros new_year = Month{2027, 1}.begin();
  EXPECT_EQ(Month::Of({new_year.value - 1}), (Month{2026, 12}));
  EXPECT_EQ(Month::Of(new_year), (Month{2027, 1}));
}

TEST(Month, LeapDayIsInFebruary) {
  EXPECT_EQ(Month::Of(k20240229), (Month{2024, 2}));
  EXPECT_EQ(Month::Of({k20240229.value + kDay}), (Month{2024, 3}));
  EXPECT_EQ(Month::Of({k20260228.value + kDay}), (Month{2026, 3}));
  EXPECT_EQ((Month{2000, 3}.begin().value - Month{2000, 2}.begin().value) / kDay, 29);
  EXPECT_EQ((Month{1900, 3}.begin().value - Month{1900, 2}.begin().value) / kDay, 28);
}

TEST(Month, TimesBeforeTheEpochBelongToTheMonthTheyLieIn) {
  EXPECT_EQ(Month::Of({0}), (Month{1970, 1}));
  EXPECT_EQ(Month::Of({-1}), (Month{1969, 12}));
  EXPECT_EQ(Month::Of({Month{1969, 12}.begin().value - 1}), (Month{1969, 11}));
  EXPECT_EQ(Month::Of(Month{0, 1}.begin()), (Month{0, 1}));
}

TEST(Month, BeginIsItsFirstMicrosecond) {
  EXPECT_EQ((Month{1970, 1}).begin().value, 0);
  for (int year = 0; year <= 9999; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const Month m{year, month};
      ASSERT_EQ(Month::Of(m.begin()), m);
      ASSERT_EQ(Month::Of({m.begin().value - 1}), m.Plus(-1));
    }
  }
}

TEST(Month, PlusCarriesOverYearEndsInBothDirections) {
  EXPECT_EQ((Month{2026, 11}.Plus(1)), (Month{2026, 12}));
  EXPECT_EQ((Month{2026, 11}.Plus(2)), (Month{2027, 1}));
  EXPECT_EQ((Month{2026, 1}.Plus(-1)), (Month{2025, 12}));
  EXPECT_EQ((Month{2026, 11}.Plus(-84)), (Month{2019, 11}));
  EXPECT_EQ((Month{2026, 12}.Plus(-12)), (Month{2025, 12}));
  EXPECT_EQ((Month{2026, 5}.Plus(0)), (Month{2026, 5}));
}

TEST(Month, ItsNameIsYearUnderscoreMonth) {
  EXPECT_EQ((Month{2026, 1}.ToString()), "2026_01");
  EXPECT_EQ((Month{33, 12}.ToString()), "0033_12");
}

TEST(Month, ParseTakesItsOwnNames) {
  EXPECT_EQ(Month::Parse("2026_11"), (Month{2026, 11}));
  EXPECT_EQ(Month::Parse("0000_01"), (Month{0, 1}));
}

TEST(Month, ParseTakesNothingElse) {
  for (const char* name : {"", "2026_1", "2026_13", "2026_00", "2026-11", "2026_111", "+026_11", "2026_+1", " 026_11",
                           "2026_11 ", ".dropping-2026_11", "2026_1a", "20266_1", "-001_01"}) {
    EXPECT_EQ(Month::Parse(name), std::nullopt) << name;
  }
}

TEST(OldestKept, IsTheMonthThatStillHoldsSomethingYoungEnough) {
  EXPECT_EQ(OldestKept(k20260228, 84), (Month{2019, 2}));
  EXPECT_EQ(OldestKept(k20260228, 1), (Month{2026, 1}));
  EXPECT_EQ(OldestKept(k20260228, 14), (Month{2024, 12}));
}

TEST(OldestKept, ZeroKeepsEverything) { EXPECT_EQ(OldestKept(k20260228, 0), std::nullopt); }

}  // namespace
}  // namespace audit::store
