#include "config/usable_cores.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace audit::config {
namespace {

TEST(UsableCores, FollowTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(UsableCores(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(UsableCores(), static_cast<unsigned>(CPU_COUNT(&before)));
}

TEST(QuotaCores, RoundUpToWholeCores) {
  EXPECT_EQ(QuotaCores("50000 100000"), 1U);
  EXPECT_EQ(QuotaCores("100000 100000"), 1U);
  EXPECT_EQ(QuotaCores("150000 100000"), 2U);
  EXPECT_EQ(QuotaCores("400000 100000"), 4U);
}

TEST(QuotaCores, AreNoneWithoutAQuota) {
  for (const char* text : {"max 100000", "", "100000", "-1 100000", "1 0", "a b"}) {
    EXPECT_EQ(QuotaCores(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace audit::config
