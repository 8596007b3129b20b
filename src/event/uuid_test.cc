#include "event/uuid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace audit::event {
namespace {

std::string Uuid(std::int64_t micros, std::uint64_t high, std::uint64_t low) {
  const UuidText text = MakeUuidV7({micros}, high, low);
  return {text.begin(), text.end()};
}

TEST(Uuid, IsTheExampleOfTheStandard) {
  // RFC 9562, A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
  EXPECT_EQ(Uuid(0x017F22E279B0 * 1000, 0xCC3, 0x18C4DC0C0C07398FULL << 2), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(Uuid, KeepsVersionAndVariantWhateverTheRandomBits) {
  EXPECT_THAT(Uuid(0, ~0ULL, ~0ULL), testing::MatchesRegex("00000000-0000-7fff-bfff-ffffffffffff"));
  EXPECT_THAT(Uuid(0, 0, 0), testing::MatchesRegex("00000000-0000-7000-8000-000000000000"));
}

TEST(Uuid, SortsByTheMillisecond) {
  EXPECT_LT(Uuid(1'776'938'400'000'000, ~0ULL, ~0ULL), Uuid(1'776'938'400'001'000, 0, 0));
}

}  // namespace
}  // namespace audit::event
