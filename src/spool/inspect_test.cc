#include "spool/inspect.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InspectTest : public SpoolTest {
 protected:
  Inspection Look() { return Inspect(*files_, options_.directory).value(); }
};

TEST_F(InspectTest, NoDirectoryIsNotFound) {
  EXPECT_EQ(Inspect(*files_, "nowhere").error().code(), ErrorCode::kNotFound);
}

TEST_F(InspectTest, ANewSpoolIsSoundAndEmpty) {
  auto spool = Open();
  const Inspection inspection = Look();
  EXPECT_FALSE(inspection.damaged());
  EXPECT_EQ(inspection.records, 0U);
  EXPECT_EQ(inspection.next, Sequence{1});
  EXPECT_EQ(inspection.spares.size(), 1U);
  EXPECT_THAT(ToText(inspection), HasSubstr("0 records, 0 bytes, 16384 bytes on disk: sound\n"));
}

TEST_F(InspectTest, SegmentsPositionsAndCountsAreNamed) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  for (int i = 0; i < 30; ++i) {
    Append(*spool, {std::string(1000, 'x')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  ASSERT_TRUE(reader->Commit({17}).ok());
  const Inspection inspection = Look();
  EXPECT_EQ(inspection.segments.size(), 3U);
  EXPECT_EQ(inspection.records, 30U);
  EXPECT_EQ(inspection.payload_bytes, 30'000U);
  EXPECT_EQ(inspection.next, Sequence{31});
  const std::string text = ToText(inspection);
  EXPECT_THAT(text, HasSubstr("segment  0000000000000001.segment  1 to 11  11 records  11000 bytes\n"));
  EXPECT_THAT(text, HasSubstr("reader   persister  dealt with 17 of 30\n"));
  EXPECT_THAT(text, HasSubstr(": sound\n"));
}

TEST_F(InspectTest, WhatIsWrongIsSaidAndMakesTheVerdict) {
  {
    auto spool = Open();
    auto reader = spool->OpenReader("persister").value();
    for (int i = 0; i < 3; ++i) {
      Append(*spool, {std::string(1000, 'x')});
      ASSERT_TRUE(spool->Flush().ok());
    }
  }
  files_->Bytes("spool/0000000000000001.segment")->at(4096 + 1500) ^= 1;
  std::string* position = files_->Bytes("spool/persister.position");
  position->assign(position->size(), 'p');
  const std::string text = ToText(Look());
  EXPECT_THAT(text, HasSubstr("DAMAGED: records 2 were synced and cannot be read\n"));
  EXPECT_THAT(text, HasSubstr("reader   persister  DAMAGED"));
  EXPECT_THAT(text, HasSubstr(": damaged\n"));
}

TEST_F(InspectTest, NothingIsChangedByLooking) {
  {
    auto spool = Open();
    Append(*spool, {"a"});
    ASSERT_TRUE(spool->Flush().ok());
  }
  const auto names = files_->List("spool").value();
  const std::string before = *files_->Bytes("spool/0000000000000001.segment");
  ASSERT_TRUE(Inspect(*files_, "spool").ok());
  EXPECT_EQ(files_->List("spool").value(), names);
  EXPECT_EQ(*files_->Bytes("spool/0000000000000001.segment"), before);
}

// The writer runs while the verifier reads; everything is recycled under it all the time.
TEST_F(InspectTest, ARunningInstanceIsNeverCalledDamaged) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      Append(*spool, {std::string(300 + static_cast<std::size_t>(i % 7) * 200, 'x'), "y"});
      Append(*spool, {std::string(100, 'z')});
      ASSERT_TRUE(spool->Flush().ok());
      if (i % 5 != 0) continue;
      while (!reader->Read(100, 100'000)->empty()) {
      }
      ASSERT_TRUE(reader->Commit(spool->synced()).ok());
      ASSERT_TRUE(spool->Maintain().ok());
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto inspection = Inspect(*files_, options_.directory);
    EXPECT_TRUE(inspection.ok());
    if (inspection) EXPECT_FALSE(inspection->damaged()) << ToText(*inspection);
    if (HasFailure()) break;
  }
  stop = true;
  writer.join();
}

}  // namespace
}  // namespace audit::spool
