#include "spool/spool.h"

#include <gmock/gmock.h>

#include "env/faulting_file_system.h"
#include "spool/inspect.h"
#include "spool/segment_format.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Four of these fill a test segment.
std::string Quarter(char fill) {
  return std::string((kTestSegment - kHeaderBlockBytes) / 4 - kRecordHeaderBytes, fill);
}

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
  EXPECT_THAT(observer_.flushed, ElementsAre(4U));
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

TEST_F(SpoolTest, AGroupCommitIsOneWriteAndOneSync) {
  env::FaultingFileSystem counting(*files_);
  auto spool = TryOpen(counting).value();
  for (int i = 0; i < 5; ++i) Append(*spool, {"event"});
  ASSERT_TRUE(spool->Flush().ok());  // the first one makes the segment behind it, too
  const std::uint64_t writes = counting.writes();
  const std::uint64_t syncs = counting.syncs();
  const std::uint64_t calls = counting.calls();
  for (int i = 0; i < 5; ++i) Append(*spool, {"event", "event"});
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_EQ(counting.writes(), writes + 1);
  EXPECT_EQ(counting.syncs(), syncs + 1);
  EXPECT_EQ(counting.calls(), calls + 2);
}

TEST_F(SpoolTest, ACommitOfAPositionIsOneWriteAndOneSync) {
  env::FaultingFileSystem counting(*files_);
  auto spool = TryOpen(counting).value();
  auto reader = spool->OpenReader("persister").value();
  Append(*spool, {"event"});
  ASSERT_TRUE(spool->Flush().ok());
  const std::uint64_t calls = counting.calls();
  ASSERT_TRUE(reader->Commit({1}).ok());
  ASSERT_TRUE(reader->Commit({1}).ok());  // nothing new
  EXPECT_EQ(counting.calls(), calls + 2);
}

TEST_F(SpoolTest, AFullQueueTakesNothing) {
  options_.queue_max_records = 3;
  auto spool = Open();
  EXPECT_EQ(Append(*spool, {"a", "b"}).status, AppendStatus::kAccepted);
  EXPECT_EQ(Append(*spool, {"c", "d"}).status, AppendStatus::kQueueFull);
  EXPECT_EQ(Append(*spool, {"c"}).status, AppendStatus::kAccepted);
  EXPECT_EQ(spool->stats().queued_records, 3U);
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_EQ(spool->stats().queued_records, 0U);
  EXPECT_EQ(spool->stats().queued_bytes, 0U);
  auto reader = spool->OpenReader("persister").value();
  EXPECT_THAT(Drain(*reader), ElementsAre("a", "b", "c"));
}

TEST_F(SpoolTest, TheQueueIsBoundedInBytesAndOneAppendMayPassTheBound) {
  options_.queue_max_bytes = 1000;
  auto spool = Open();
  EXPECT_EQ(Append(*spool, {std::string(3000, 'x')}).status, AppendStatus::kAccepted);
  EXPECT_EQ(Append(*spool, {"y"}).status, AppendStatus::kQueueFull);
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_EQ(Append(*spool, {"y"}).status, AppendStatus::kAccepted);
}

TEST_F(SpoolTest, WhatFitsInNoSegmentIsTooLarge) {
  auto spool = Open();
  const std::size_t largest = spool->max_append_bytes() - kRecordHeaderBytes;
  EXPECT_EQ(Append(*spool, {std::string(largest + 1, 'x')}).status, AppendStatus::kTooLarge);
  EXPECT_EQ(Append(*spool, {std::string(largest / 2, 'x'), std::string(largest / 2, 'x')}).status,
            AppendStatus::kTooLarge);
  EXPECT_EQ(Append(*spool, {std::string(largest, 'x')}).status, AppendStatus::kAccepted);
  ASSERT_TRUE(spool->Flush().ok());
  auto reader = spool->OpenReader("persister").value();
  EXPECT_THAT(Drain(*reader), ElementsAre(std::string(largest, 'x')));
}

TEST_F(SpoolTest, AnAppendNeverCrossesSegments) {
  auto spool = Open();
  Append(*spool, {Quarter('a'), Quarter('b'), Quarter('c')});
  ASSERT_TRUE(spool->Flush().ok());
  Append(*spool, {Quarter('d'), Quarter('e')});
  ASSERT_TRUE(spool->Flush().ok());
  const Inspection inspection = Inspect(*files_, options_.directory).value();
  ASSERT_EQ(inspection.segments.size(), 2U);
  EXPECT_EQ(inspection.segments[0].scan.records, 3U);
  EXPECT_EQ(inspection.segments[1].scan.records, 2U);
}

TEST_F(SpoolTest, TheBudgetStopsAppendsAndReadersThatMoveOnFreeIt) {
  options_.max_bytes = 3 * kTestSegment;
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  std::vector<std::string> taken;
  AppendStatus status = AppendStatus::kAccepted;
  for (char fill = 'a'; status == AppendStatus::kAccepted; ++fill) {
    ASSERT_LE(fill, 'z');
    status = Append(*spool, {Quarter(fill)}).status;
    if (status == AppendStatus::kAccepted) taken.push_back(Quarter(fill));
    ASSERT_TRUE(spool->Flush().ok());
  }
  EXPECT_EQ(status, AppendStatus::kDiskFull);
  EXPECT_EQ(taken.size(), 12U);
  EXPECT_EQ(spool->stats().disk_bytes, options_.max_bytes);
  EXPECT_EQ(Drain(*reader), taken);
  ASSERT_TRUE(reader->Commit({5}).ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(Append(*spool, {"again"}).status, AppendStatus::kAccepted);
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_THAT(Drain(*reader), ElementsAre("again"));
  EXPECT_LE(spool->stats().disk_bytes, options_.max_bytes);
}

TEST_F(SpoolTest, AFullDiskRefusesAppendsLosesNothingAndIsForgottenWhenRoomIsBack) {
  files_->SetCapacity(3 * kTestSegment);  // two segments, the position and what is smaller
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  std::vector<std::string> taken;
  AppendStatus status = AppendStatus::kAccepted;
  for (char fill = 'a'; status == AppendStatus::kAccepted; ++fill) {
    ASSERT_LE(fill, 'z');
    status = Append(*spool, {Quarter(fill)}).status;
    if (status == AppendStatus::kAccepted) taken.push_back(Quarter(fill));
    ASSERT_TRUE(spool->Flush().ok());  // what was taken has its room: no error, however full
  }
  EXPECT_EQ(status, AppendStatus::kDiskFull);
  EXPECT_EQ(taken.size(), 8U);
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(Append(*spool, {"still full"}).status, AppendStatus::kDiskFull);
  EXPECT_THAT(observer_.maintenance_errors, IsEmpty());
  files_->SetCapacity(5 * kTestSegment);
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(Append(*spool, {"room"}).status, AppendStatus::kAccepted);
  ASSERT_TRUE(spool->Flush().ok());
  taken.emplace_back("room");
  EXPECT_EQ(Drain(*reader), taken);
}

TEST_F(SpoolTest, AStartOnAFullDiskStillDeliversWhatIsThere) {
  files_->SetCapacity(3 * kTestSegment);
  {
    auto spool = Open();
    ASSERT_TRUE(spool->OpenReader("persister").ok());  // its position file needs room as well
    for (char fill = 'a'; fill < 'i'; ++fill) {
      ASSERT_EQ(Append(*spool, {Quarter(fill)}).status, AppendStatus::kAccepted);
      ASSERT_TRUE(spool->Flush().ok());
    }
  }
  auto spool = Open();
  EXPECT_EQ(Append(*spool, {"x"}).status, AppendStatus::kDiskFull);
  auto reader = spool->OpenReader("persister").value();
  EXPECT_EQ(Drain(*reader).size(), 8U);
  ASSERT_TRUE(reader->Commit({8}).ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(Append(*spool, {"x"}).status, AppendStatus::kAccepted);
}

TEST_F(SpoolTest, WithoutASpareAppendsAreToldToComeBackSoon) {
  auto spool = Open();
  bool asked = false;
  spool->OnMaintenanceNeeded([&] { asked = true; });
  for (char fill = 'a'; fill < 'e'; ++fill) ASSERT_EQ(Append(*spool, {Quarter(fill)}).status, AppendStatus::kAccepted);
  // The first segment is full and nobody has prepared a second one yet.
  EXPECT_EQ(Append(*spool, {"x"}).status, AppendStatus::kQueueFull);
  EXPECT_TRUE(asked);
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(Append(*spool, {"x"}).status, AppendStatus::kAccepted);
}

TEST_F(SpoolTest, ASteadyLoadRecyclesItsFilesAndMakesNoNewOnes) {
  env::FaultingFileSystem counting(*files_);
  auto spool = TryOpen(counting).value();
  auto reader = spool->OpenReader("persister").value();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Append(*spool, {Quarter('x')}).status, AppendStatus::kAccepted);
    ASSERT_TRUE(spool->Flush().ok());
    ASSERT_EQ(Drain(*reader).size(), 1U);
    ASSERT_TRUE(reader->Commit(spool->synced()).ok());
    ASSERT_TRUE(spool->Maintain().ok());
    ASSERT_LE(spool->stats().segments, 4U);
  }
  EXPECT_LE(counting.allocations(), 3U);
  EXPECT_FALSE(Inspect(*files_, options_.directory)->damaged());
}

TEST_F(SpoolTest, ASpareIsPreWrittenWhenThereIsTimeAndOnlyReservedWhenThereIsNot) {
  env::FaultingFileSystem counting(*files_);
  auto spool = TryOpen(counting).value();
  EXPECT_EQ(counting.writes(), 1U);  // the first one is waited for: its header
  Append(*spool, {"a"});
  ASSERT_TRUE(spool->Flush().ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(counting.writes(), 4U);  // the flush, the zeros, the header
}

TEST_F(SpoolTest, ADrainedBacklogGivesItsDiskSpaceBack) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  for (int i = 0; i < 24; ++i) {
    ASSERT_EQ(Append(*spool, {Quarter('x')}).status, AppendStatus::kAccepted);
    ASSERT_TRUE(spool->Flush().ok());
    ASSERT_TRUE(spool->Maintain().ok());
  }
  EXPECT_GE(spool->stats().segments, 6U);
  ASSERT_TRUE(reader->Commit(spool->synced()).ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_LE(spool->stats().segments, 3U);
  EXPECT_EQ(Inspect(*files_, options_.directory)->disk_bytes, spool->stats().disk_bytes);
}

TEST_F(SpoolTest, TheSlowestReaderHoldsSegmentsBack) {
  options_.readers = {"fast", "slow"};
  auto spool = Open();
  auto fast = spool->OpenReader("fast").value();
  auto slow = spool->OpenReader("slow").value();
  for (char fill = 'a'; fill < 'k'; ++fill) {
    Append(*spool, {Quarter(fill)});
    ASSERT_TRUE(spool->Flush().ok());
    ASSERT_TRUE(spool->Maintain().ok());
  }
  ASSERT_TRUE(fast->Commit({10}).ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(spool->stats().delivered, Sequence{0});
  EXPECT_EQ(Drain(*slow).size(), 10U);
}

TEST_F(SpoolTest, AFailedSyncIsTheEndOfThisInstance) {
  env::FaultingFileSystem broken(*files_);
  auto spool = TryOpen(broken).value();
  RecordingListener listener;
  spool->AddListener(&listener);
  auto reader = spool->OpenReader("persister").value();
  Append(*spool, {"safe"});
  ASSERT_TRUE(spool->Flush().ok());
  Append(*spool, {"not safe"});
  broken.Arm(env::Fault::kIoError, 2);  // the write passes, the sync fails
  const auto flushed = spool->Flush();
  ASSERT_FALSE(flushed.ok());
  EXPECT_EQ(listener.written, Sequence{2});
  EXPECT_EQ(listener.synced, Sequence{1});
  EXPECT_THAT(listener.failures, ElementsAre(flushed.error().message()));
  // The disk works again, and it makes no difference.
  EXPECT_EQ(Append(*spool, {"more"}).status, AppendStatus::kClosed);
  EXPECT_FALSE(spool->Flush().ok());
  EXPECT_EQ(listener.failures.size(), 1U);
  EXPECT_EQ(spool->synced(), Sequence{1});
  EXPECT_THAT(Drain(*reader), ElementsAre("safe"));
}

TEST_F(SpoolTest, AClosedSpoolFlushesWhatItTookAndTakesNoMore) {
  auto spool = Open();
  Append(*spool, {"taken"});
  spool->Close();
  EXPECT_EQ(Append(*spool, {"late"}).status, AppendStatus::kClosed);
  ASSERT_TRUE(spool->Flush().value());
  auto reader = spool->OpenReader("persister").value();
  EXPECT_THAT(Drain(*reader), ElementsAre("taken"));
}

TEST_F(SpoolTest, WorkIsAnnouncedOnceUntilItIsTaken) {
  auto spool = Open();
  int announced = 0;
  spool->OnWorkAvailable([&] { ++announced; });
  Append(*spool, {"a"});
  Append(*spool, {"b"});
  EXPECT_EQ(announced, 1);
  ASSERT_TRUE(spool->Flush().ok());
  Append(*spool, {"c"});
  EXPECT_EQ(announced, 2);
}

TEST_F(SpoolTest, AnAppendOfNothingIsAcceptedAndLeavesNothing) {
  auto spool = Open();
  EXPECT_EQ(Append(*spool, {}).status, AppendStatus::kAccepted);
  EXPECT_FALSE(spool->Flush().value());
}

TEST_F(SpoolTest, OneInstanceADirectory) {
  auto spool = Open();
  const auto second = TryOpen();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code(), ErrorCode::kLocked);
  spool.reset();
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(SpoolTest, OptionsThatCannotWorkAreRefusedWithTheReason) {
  options_.max_bytes = kTestSegment;
  EXPECT_THAT(TryOpen().error().message(), HasSubstr("two segments"));
  options_.max_bytes = 8 * kTestSegment;
  options_.segment_bytes = 5000;
  EXPECT_THAT(TryOpen().error().message(), HasSubstr("multiple of 4096"));
  options_.segment_bytes = kTestSegment;
  options_.readers = {"../persister"};
  EXPECT_EQ(TryOpen().error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(SpoolTest, TheAgeOfTheOldestUndeliveredRecordIsKnownAlsoAfterARestart) {
  const std::int64_t start = clock_.Now().value;
  {
    auto spool = Open();
    auto reader = spool->OpenReader("persister").value();
    EXPECT_EQ(spool->stats().oldest_undelivered.value, 0);
    for (int i = 0; i < 6; ++i) {
      Append(*spool, {Quarter('x')});
      ASSERT_TRUE(spool->Flush().ok());
      clock_.Advance(std::chrono::seconds(1));
    }
    EXPECT_EQ(spool->stats().oldest_undelivered.value, start);
    ASSERT_TRUE(reader->Commit({2}).ok());
    EXPECT_EQ(spool->stats().oldest_undelivered.value, start + 2'000'000);
    ASSERT_TRUE(reader->Commit({5}).ok());
  }
  auto spool = Open();
  // Known to the segment: the fifth record, which is delivered, was its first.
  EXPECT_EQ(spool->stats().oldest_undelivered.value, start + 4'000'000);
  ASSERT_TRUE(spool->OpenReader("persister").value()->Commit({6}).ok());
  EXPECT_EQ(spool->stats().oldest_undelivered.value, 0);
}

TEST_F(SpoolTest, AnAgeIsNeverYoungerThanTheTruthHoweverLongTheBacklog) {
  options_.max_bytes = 64 * kTestSegment;
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  std::vector<std::int64_t> appended_at;
  for (int i = 0; i < 5000; ++i) {
    appended_at.push_back(clock_.Now().value);
    ASSERT_EQ(Append(*spool, {"event"}).status, AppendStatus::kAccepted);
    ASSERT_TRUE(spool->Flush().ok());
    ASSERT_TRUE(spool->Maintain().ok());
    clock_.Advance(std::chrono::seconds(1));
  }
  for (std::uint64_t delivered = 0; delivered < 5000; delivered += 499) {
    ASSERT_TRUE(reader->Commit({delivered}).ok());
    const std::int64_t oldest = spool->stats().oldest_undelivered.value;
    EXPECT_LE(oldest, appended_at[delivered]);
    EXPECT_GE(oldest, appended_at[delivered] - 5000 / 512 * 1'000'000);
  }
}

}  // namespace
}  // namespace audit::spool
