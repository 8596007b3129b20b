#include "spool/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace audit::spool {
namespace {

TEST(Crc32cTest, KnownVectorsOfRfc3720) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(Crc32cTest, StepsOverPartsAddUpToTheWhole) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t state = Crc32cStep(Crc32cStep(kCrc32cStart, text.substr(0, cut)), text.substr(cut));
    EXPECT_EQ(~state, Crc32c(text));
  }
}

}  // namespace
}  // namespace audit::spool
