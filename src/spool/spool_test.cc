#include "spool/spool.h"

#include <gmock/gmock.h>

#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(SpoolTest, WhatWasSyncedIsReadInOrderWithItsBytesAndTime) {
  auto spool = Open();
  RecordingListener listener;
  spool->AddListener(&listener);
  auto reader = spool->OpenReader("persister").value();
  const auto first = Append(*spool, {"one"});
  clock_.Advance(std::chrono::seconds(1));
  const auto rest = Append(*spool, {"two", "", "four"});
  EXPECT_EQ(first.last, Sequence{1});
  EXPECT_EQ(rest.last, Sequence{4});
  EXPECT_THAT(reader->Read(10, 1000).value(), IsEmpty());
  ASSERT_TRUE(spool->Flush().value());
  EXPECT_EQ(listener.written, Sequence{4});
  EXPECT_EQ(listener.synced, Sequence{4});
  EXPECT_FALSE(spool->Flush().value());
  const auto views = reader->Read(10, 1000).value();
  ASSERT_EQ(views.size(), 4U);
  EXPECT_EQ(views[0].payload, "one");
  EXPECT_EQ(views[0].appended_at.value, 1'700'000'000'000'000);
  EXPECT_EQ(views[3].payload, "four");
  EXPECT_EQ(views[3].appended_at.value, 1'700'000'001'000'000);
  EXPECT_EQ(views[3].sequence, Sequence{4});
}

TEST_F(SpoolTest, ARestartGoesOnWhereTheLastOneEnded) {
  {
    auto spool = Open();
    auto reader = spool->OpenReader("persister").value();
    Append(*spool, {"a", "b", "c"});
    ASSERT_TRUE(spool->Flush().ok());
    ASSERT_EQ(reader->Read(2, 1000).value().size(), 2U);
    ASSERT_TRUE(reader->Commit({2}).ok());
  }
  auto spool = Open();
  EXPECT_EQ(spool->synced(), Sequence{3});
  EXPECT_EQ(Append(*spool, {"d"}).last, Sequence{4});
  ASSERT_TRUE(spool->Flush().ok());
  auto reader = spool->OpenReader("persister").value();
  EXPECT_THAT(Drain(*reader), ElementsAre("c", "d"));
}

}  // namespace
}  // namespace audit::spool
