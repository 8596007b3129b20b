#include "spool/append_queue.h"

#include <gtest/gtest.h>

#include <cstring>

namespace audit::spool {
namespace {

TEST(ByteBufferTest, BytesStayWhereTheyWerePutWhileItGrows) {
  ByteBuffer buffer;
  std::string expected;
  for (int i = 1; i < 1000; ++i) {
    const std::string part(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    std::memcpy(buffer.Extend(part.size()), part.data(), part.size());
    expected += part;
  }
  EXPECT_EQ(buffer.view(), expected);
}

TEST(ByteBufferTest, ASteadyLoadKeepsItsMemory) {
  ByteBuffer buffer;
  buffer.Extend(1U << 20);
  buffer.Clear();
  const std::size_t capacity = buffer.capacity();
  for (int i = 0; i < 1000; ++i) {
    buffer.Extend(i % 4 == 0 ? 900'000 : 300'000);
    buffer.Clear();
    ASSERT_EQ(buffer.capacity(), capacity);
  }
}

TEST(ByteBufferTest, MemoryOfABurstIsGivenBack) {
  ByteBuffer buffer;
  buffer.Extend(32U << 20);
  buffer.Clear();
  for (int i = 0; i < 200; ++i) {
    buffer.Extend(10'000);
    buffer.Clear();
  }
  EXPECT_LE(buffer.capacity(), 128U << 10);
}

}  // namespace
}  // namespace audit::spool
