#include "http/byte_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace audit::http {
namespace {

std::string Text(ByteBuffer& buffer) { return {buffer.bytes().data(), buffer.bytes().size()}; }

TEST(ByteBufferTest, KeepsWhatIsNotDropped) {
  MemoryBudget budget(1 << 20);
  ByteBuffer buffer(budget);
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(buffer.Append(piece));
    expected += piece;
    const std::size_t drop = static_cast<std::size_t>(i % 31) % (expected.size() + 1);
    buffer.DropFront(drop);
    expected.erase(0, drop);
    ASSERT_EQ(Text(buffer), expected);
  }
}

TEST(ByteBufferTest, TheBudgetIsOfAllAndComesBack) {
  MemoryBudget budget(1000);
  ByteBuffer first(budget);
  ASSERT_TRUE(first.Append(std::string(600, 'x')));
  {
    ByteBuffer second(budget);
    EXPECT_FALSE(second.Append(std::string(401, 'x')));
    EXPECT_TRUE(second.empty());
    EXPECT_TRUE(second.Append(std::string(400, 'x')));
    EXPECT_TRUE(first.Room(1).empty());
    EXPECT_EQ(first.bytes().size(), 600U);
  }
  EXPECT_TRUE(budget.Take(400));
  first.DropFront(600);
  EXPECT_TRUE(budget.Take(600));
}

}  // namespace
}  // namespace audit::http
