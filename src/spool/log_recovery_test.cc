// What a start makes of a directory: a torn tail is cut off, damage is reported and stepped over, and
// the two are never confused.
#include <gmock/gmock.h>

#include "env/faulting_file_system.h"
#include "spool/inspect.h"
#include "spool/segment_files.h"
#include "spool/segment_format.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogRecoveryTest : public SpoolTest {
 protected:
  static constexpr std::size_t kPayload = 968;  // a record of 1,000 bytes
  static constexpr std::size_t kRecord = kPayload + kRecordHeaderBytes;

  static std::string Payload(char fill) { return std::string(kPayload, fill); }

  // One record a flush, from `first` to `last`.
  void FlushEach(Spool& spool, char first, char last) {
    for (char fill = first; fill <= last; ++fill) {
      ASSERT_EQ(Append(spool, {Payload(fill)}).status, AppendStatus::kAccepted);
      ASSERT_TRUE(spool.Flush().ok());
    }
  }

  std::string PathOf(std::uint64_t number) const { return options_.directory + "/" + SegmentName(number); }

  // Byte `byte` of the record at `index` in segment `number`.
  char& ByteOf(std::uint64_t number, std::size_t index, std::size_t byte) {
    return files_->Bytes(PathOf(number))->at(kHeaderBlockBytes + index * kRecord + byte);
  }
  void Flip(std::uint64_t number, std::size_t index, std::size_t byte = 100) { ByteOf(number, index, byte) ^= 0x10; }

  // What a power cut leaves of a sector that was never synced.
  void Blank(std::uint64_t number, std::size_t index, std::size_t bytes = kRecord) {
    for (std::size_t i = 0; i < bytes; ++i) ByteOf(number, index, i) = '\0';
  }

  std::vector<std::string> DrainAll(Spool& spool) {
    auto reader = spool.OpenReader("persister");
    EXPECT_TRUE(reader.ok());
    auto payloads = Drain(**reader);
    EXPECT_TRUE((*reader)->Commit(spool.synced()).ok());
    return payloads;
  }

  bool Damaged() { return Inspect(*files_, options_.directory).value().damaged(); }
};

TEST_F(LogRecoveryTest, TornTailIsTruncatedAndCounted) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'c');
    Append(*spool, {Payload('d')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  ByteOf(1, 3, 500) = '\0';  // the last write was cut short
  EXPECT_FALSE(Damaged());
  EXPECT_EQ(Inspect(*files_, options_.directory)->torn_bytes, kRecord);
  auto spool = Open();
  EXPECT_THAT(observer_.torn, ElementsAre(kRecord));
  EXPECT_THAT(observer_.damage, IsEmpty());
  EXPECT_EQ(spool->synced(), Sequence{3});
  EXPECT_EQ(Append(*spool, {Payload('e')}).last, Sequence{4});
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('b'), Payload('c'), Payload('e')));
  EXPECT_FALSE(Damaged());
}

TEST_F(LogRecoveryTest, AnAppendThatIsNotWholeIsCutOffWhole) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'a');
    Append(*spool, {Payload('b'), Payload('c'), Payload('d')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  Blank(1, 3);
  auto spool = Open();
  EXPECT_EQ(spool->synced(), Sequence{1});
  EXPECT_THAT(observer_.torn, ElementsAre(2 * kRecord));
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a')));
}

TEST_F(LogRecoveryTest, RecordsBehindATornOneNeverComeBack) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'a');
    Append(*spool, {Payload('b')});
    Append(*spool, {Payload('c')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  // Of the last write 'b' never reached the disk and 'c' did.
  Blank(1, 1);
  {
    auto spool = Open();
    EXPECT_EQ(spool->synced(), Sequence{1});
    // As long as 'b': in the same place it would join up with 'c'.
    FlushEach(*spool, 'B', 'B');
  }
  EXPECT_FALSE(Damaged());
  auto spool = Open();
  EXPECT_EQ(spool->synced(), Sequence{2});
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('B')));
  EXPECT_THAT(observer_.damage, IsEmpty());
}

TEST_F(LogRecoveryTest, AStartAfterACleanEndOrATornRecordGoesOnInTheSameSegment) {
  for (int i = 0; i < 5; ++i) {
    auto spool = Open();
    FlushEach(*spool, 'a', 'a');
    spool.reset();
    if (i == 3) ByteOf(1, 3, 500) = '\0';
  }
  EXPECT_EQ(Inspect(*files_, options_.directory)->segments.size(), 1U);
}

TEST_F(LogRecoveryTest, ASyncedRecordThatCannotBeReadIsDamageAndTheOthersAreDelivered) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'f');
  }
  Flip(1, 2);
  const Inspection inspection = Inspect(*files_, options_.directory).value();
  EXPECT_THAT(inspection.missing, ElementsAre(MissingRange{{3}, {3}}));
  EXPECT_EQ(inspection.records, 5U);
  auto spool = Open();
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{3}, {3}}));
  EXPECT_THAT(observer_.torn, IsEmpty());
  EXPECT_EQ(spool->synced(), Sequence{6});
  FlushEach(*spool, 'g', 'g');
  EXPECT_THAT(DrainAll(*spool),
              ElementsAre(Payload('a'), Payload('b'), Payload('d'), Payload('e'), Payload('f'), Payload('g')));
  EXPECT_EQ(observer_.damage.size(), 1U);  // not told twice
}

TEST_F(LogRecoveryTest, DamageAndATornTailInOneSegmentAreToldApart) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'e');
    Append(*spool, {Payload('f')});
    Append(*spool, {Payload('g')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  Flip(1, 1);
  Flip(1, 5);  // of the last flush: the record behind it says that it was not synced
  auto spool = Open();
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{2}, {2}}));
  EXPECT_THAT(observer_.torn, ElementsAre(2 * kRecord));
  EXPECT_EQ(spool->synced(), Sequence{5});
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('c'), Payload('d'), Payload('e')));
}

TEST_F(LogRecoveryTest, DamageUpToTheTornTailIsBoth) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'c');
    Append(*spool, {Payload('d')});
    Append(*spool, {Payload('e')});
    ASSERT_TRUE(spool->Flush().ok());
  }
  Flip(1, 2);
  Flip(1, 3);
  auto spool = Open();
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{3}, {3}}));
  EXPECT_EQ(spool->synced(), Sequence{3});
  FlushEach(*spool, 'f', 'f');
  EXPECT_EQ(spool->synced(), Sequence{4});
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('b'), Payload('f')));
}

TEST_F(LogRecoveryTest, ADestroyedHeaderOfARecordCostsThatRecordOnly) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'd');
  }
  for (std::size_t byte = 0; byte < kRecordHeaderBytes; ++byte) ByteOf(1, 1, byte) = '\xFF';
  auto spool = Open();
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{2}, {2}}));
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('c'), Payload('d')));
}

TEST_F(LogRecoveryTest, EveryBitOfARecordIsCoveredByItsChecksum) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'c');
  }
  for (std::size_t byte = 0; byte < kRecord; ++byte) {
    for (const char bit : {'\x01', '\x80'}) {
      ByteOf(1, 1, byte) ^= bit;
      EXPECT_THAT(Inspect(*files_, options_.directory)->missing, ElementsAre(MissingRange{{2}, {2}})) << byte;
      ByteOf(1, 1, byte) ^= bit;
    }
  }
  EXPECT_FALSE(Damaged());
}

TEST_F(LogRecoveryTest, ADamagedOlderSegmentIsReadAsFarAsItGoesAndSetAside) {
  auto spool = Open();
  auto reader = spool->OpenReader("persister").value();
  for (char fill = 'a'; fill <= 'z'; ++fill) {
    FlushEach(*spool, fill, fill);
    ASSERT_TRUE(spool->Maintain().ok());
  }
  Flip(1, 4);
  Flip(1, 5);
  EXPECT_THAT(Inspect(*files_, options_.directory)->missing, ElementsAre(MissingRange{{5}, {6}}));
  EXPECT_EQ(Drain(*reader).size(), 24U);
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{5}, {6}}));
  EXPECT_EQ(spool->stats().damaged_segments, 1U);
  ASSERT_TRUE(reader->Commit(spool->synced()).ok());
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(spool->stats().damaged_segments, 1U);
  const Inspection inspection = Inspect(*files_, options_.directory).value();
  EXPECT_THAT(inspection.set_aside, ElementsAre(SegmentName(1)));
  EXPECT_THAT(inspection.missing, IsEmpty());
}

TEST_F(LogRecoveryTest, DamageThatAnEarlierProcessSteppedOverIsStillSetAside) {
  {
    auto spool = Open();
    auto reader = spool->OpenReader("persister").value();
    for (char fill = 'a'; fill <= 'z'; ++fill) {
      FlushEach(*spool, fill, fill);
      ASSERT_TRUE(spool->Maintain().ok());
    }
    Flip(1, 4);
    Drain(*reader);
    ASSERT_TRUE(reader->Commit(spool->synced()).ok());
  }
  auto spool = Open();
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_EQ(spool->stats().damaged_segments, 1U);
  EXPECT_THAT(Inspect(*files_, options_.directory)->set_aside, ElementsAre(SegmentName(1)));
}

TEST_F(LogRecoveryTest, OneBadCopyOfASegmentHeaderCostsNothing) {
  for (const std::size_t offset : {std::size_t{20}, kHeaderCopyOffset + 20}) {
    {
      auto spool = Open();
      FlushEach(*spool, 'a', 'b');
    }
    files_->Bytes(PathOf(1))->at(offset) ^= 1;
    EXPECT_FALSE(Damaged());
    EXPECT_TRUE(TryOpen().ok());
    files_->Bytes(PathOf(1))->at(offset) ^= 1;
  }
  auto spool = Open();
  EXPECT_EQ(DrainAll(*spool).size(), 4U);
}

TEST_F(LogRecoveryTest, AnUnreadableTailSegmentIsSetAsideAndItsSequencesAreNeverUsedAgain) {
  {
    auto spool = Open();
    for (char fill = 'a'; fill <= 'o'; ++fill) FlushEach(*spool, fill, fill);
  }
  ASSERT_EQ(Inspect(*files_, options_.directory)->segments.size(), 2U);
  files_->Bytes(PathOf(2))->replace(0, kHeaderBlockBytes, kHeaderBlockBytes, '\0');
  EXPECT_TRUE(Damaged());
  auto spool = Open();
  ASSERT_EQ(observer_.damage.size(), 1U);
  EXPECT_EQ(observer_.damage[0].first, Sequence{13});  // twelve fit in the first segment
  EXPECT_GE(observer_.damage[0].last, Sequence{15});
  EXPECT_GT(Append(*spool, {"next"}).last, observer_.damage[0].last);
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_EQ(DrainAll(*spool).size(), 13U);
  EXPECT_EQ(observer_.damage.size(), 1U);
}

TEST_F(LogRecoveryTest, AMissingSegmentInTheMiddleIsReportedWithItsRange) {
  {
    auto spool = Open();
    for (char fill = 'a'; fill <= 'z'; ++fill) FlushEach(*spool, fill, fill);
  }
  ASSERT_TRUE(files_->Remove(PathOf(2)).ok());
  EXPECT_THAT(Inspect(*files_, options_.directory)->missing, ElementsAre(MissingRange{{13}, {24}}));
  auto spool = Open();
  EXPECT_EQ(DrainAll(*spool).size(), 14U);
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{13}, {24}}));
}

TEST_F(LogRecoveryTest, AMissingFirstSegmentIsReportedToAReaderThatNeedsIt) {
  {
    auto spool = Open();
    ASSERT_TRUE(spool->OpenReader("persister").ok());
    for (char fill = 'a'; fill <= 'o'; ++fill) FlushEach(*spool, fill, fill);
  }
  ASSERT_TRUE(files_->Remove(PathOf(1)).ok());
  EXPECT_THAT(Inspect(*files_, options_.directory)->missing, ElementsAre(MissingRange{{1}, {12}}));
  auto spool = Open();
  EXPECT_EQ(DrainAll(*spool).size(), 3U);
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{1}, {12}}));
}

TEST_F(LogRecoveryTest, SequencesAreNotUsedAgainWhenTheTailBehindAPositionIsLost) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'c');
    DrainAll(*spool);  // position 3
  }
  Blank(1, 2);
  EXPECT_THAT(Inspect(*files_, options_.directory)->missing, ElementsAre(MissingRange{{3}, {3}}));
  auto spool = Open();
  EXPECT_THAT(observer_.damage, ElementsAre(MissingRange{{3}, {3}}));
  EXPECT_EQ(Append(*spool, {"d"}).last, Sequence{4});
  ASSERT_TRUE(spool->Flush().ok());
  EXPECT_THAT(DrainAll(*spool), ElementsAre("d"));
}

TEST_F(LogRecoveryTest, SequencesAreNotUsedAgainWithoutReadersEither) {
  options_.readers = {};
  Sequence last;
  {
    auto spool = Open();
    for (char fill = 'a'; fill <= 'l'; ++fill) FlushEach(*spool, fill, fill);  // a whole segment
    last = spool->synced();
    Append(*spool, {Payload('m')});  // begins the next one, and never gets there
    ASSERT_TRUE(spool->Maintain().ok());
  }
  EXPECT_EQ(Open()->synced(), last);
}

TEST_F(LogRecoveryTest, AFileLeftByAnInterruptedPreparationIsClearedAway) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'a');
  }
  const std::string left = options_.directory + "/0000000000000077.preparing";
  ASSERT_TRUE(files_->Open(left, env::OpenMode::kCreate).ok());
  EXPECT_EQ(Inspect(*files_, options_.directory)->unfinished.size(), 1U);
  EXPECT_FALSE(Damaged());
  auto spool = Open();
  EXPECT_FALSE(files_->Open(left, env::OpenMode::kRead).ok());
}

TEST_F(LogRecoveryTest, ASegmentSizeThatChangedBetweenStartsIsNoMatter) {
  {
    auto spool = Open();
    for (char fill = 'a'; fill <= 'o'; ++fill) FlushEach(*spool, fill, fill);
    ASSERT_TRUE(spool->Maintain().ok());
  }
  options_.segment_bytes = 2 * kTestSegment;
  options_.max_bytes = 16 * kTestSegment;
  auto spool = Open();
  for (char fill = 'A'; fill <= 'Z'; ++fill) {
    FlushEach(*spool, fill, fill);
    ASSERT_TRUE(spool->Maintain().ok());
  }
  EXPECT_EQ(DrainAll(*spool).size(), 41U);
  ASSERT_TRUE(spool->Maintain().ok());
  EXPECT_FALSE(Damaged());
  EXPECT_EQ(Inspect(*files_, options_.directory)->disk_bytes, spool->stats().disk_bytes);
}

TEST_F(LogRecoveryTest, ALostPositionIsToldAndReadingBeginsAtTheOldest) {
  {
    auto spool = Open();
    FlushEach(*spool, 'a', 'c');
    DrainAll(*spool);
  }
  std::string* position = files_->Bytes(options_.directory + "/persister.position");
  position->assign(position->size(), '\xAA');
  EXPECT_TRUE(Damaged());
  auto spool = Open();
  EXPECT_THAT(observer_.lost_positions, ElementsAre("persister"));
  EXPECT_EQ(DrainAll(*spool).size(), 3U);
  EXPECT_FALSE(Damaged());
}

TEST_F(LogRecoveryTest, ANameThatAnEarlierProcessNeverSyncedIsDurableBeforeItIsReliedOn) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    files_ = std::make_unique<env::MemoryFileSystem>();
    {
      env::FaultingFileSystem broken(*files_);
      auto spool = TryOpen(broken).value();
      FlushEach(*spool, 'a', 'c');
      // The position file: not there, write it (remove, open, write, sync), rename, and then no more.
      broken.Arm(env::Fault::kCrash, 7);
      ASSERT_FALSE(spool->OpenReader("persister").ok());
    }
    {
      auto spool = Open();
      ASSERT_TRUE(files_->Open("spool/persister.position", env::OpenMode::kRead).ok());
      ASSERT_TRUE(spool->OpenReader("persister").value()->Commit({3}).ok());
    }
    const auto random = env::NewSeededRandom(seed);
    files_->PowerCut(*random);
    EXPECT_THAT(DrainAll(*Open()), IsEmpty());
  }
}

TEST_F(LogRecoveryTest, WhatAFailedSyncLeftInThePageCacheIsWrittenAgain) {
  {
    env::FaultingFileSystem broken(*files_);
    broken.OnFailedSync(env::MemoryFileSystem::DropUnsynced);
    auto spool = TryOpen(broken).value();
    FlushEach(*spool, 'a', 'b');
    Append(*spool, {Payload('c')});
    broken.Arm(env::Fault::kIoError, 2);
    ASSERT_FALSE(spool->Flush().ok());
  }
  {
    auto spool = Open();
    EXPECT_EQ(spool->synced(), Sequence{3});
    FlushEach(*spool, 'd', 'd');
  }
  const auto random = env::NewSeededRandom(3);
  files_->PowerCut(*random);
  auto spool = Open();
  EXPECT_THAT(observer_.damage, IsEmpty());
  EXPECT_THAT(DrainAll(*spool), ElementsAre(Payload('a'), Payload('b'), Payload('c'), Payload('d')));
}

}  // namespace
}  // namespace audit::spool
