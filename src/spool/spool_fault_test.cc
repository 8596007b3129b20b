// Every single call to the disk is broken in every way, in turn, and the log must come out of it
// with what was promised. The promises are checked by a ledger that knows what was appended and what
// was acknowledged, and by the verifier.
#include <gmock/gmock.h>

#include <deque>

#include "env/faulting_file_system.h"
#include "spool/inspect.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

using env::Fault;

struct AppendedBatch {
  Sequence last;
  std::vector<std::string> payloads;
};

class SpoolFaultTest : public SpoolTest {
 protected:
  SpoolFaultTest() { options_.max_bytes = 6 * kTestSegment; }

  // A life of a process: appends, flushes, reads, commits, recycles; ends without a farewell. Any
  // call may fail; what a caller of the real thing would do then is done here.
  void Live(env::FileSystem& files, int rounds) {
    auto opened = TryOpen(files);
    if (!opened) return;
    Spool& spool = **opened;
    ForgetWhatWasNeverSynced(spool.synced());
    auto reader = spool.OpenReader("persister");
    for (int round = 0; round < rounds; ++round) {
      // Two Appends a flush, of one to three records, so that a torn write has something to tear.
      AppendBatch(spool, 1 + round % 3, 700 + 400 * static_cast<std::size_t>(round % 4));
      AppendBatch(spool, 1, 300);
      const auto flushed = spool.Flush();
      acknowledged_ = spool.synced();
      if (!flushed) return;
      (void)spool.Maintain().ok();
      if (reader && round % 2 == 1) ReadAndCommit(**reader);
    }
    AppendBatch(spool, 2, 500);  // queued when the process ends
  }

  void AppendBatch(Spool& spool, int records, std::size_t bytes) {
    AppendedBatch batch;
    for (int i = 0; i < records; ++i) {
      std::string payload = "batch " + std::to_string(++batches_) + " record " + std::to_string(i) + " ";
      payload.resize(bytes + static_cast<std::size_t>(i), static_cast<char>('a' + batches_ % 26));
      batch.payloads.push_back(std::move(payload));
    }
    const AppendResult result = Append(spool, batch.payloads);
    if (result.status != AppendStatus::kAccepted) return;
    batch.last = result.last;
    ledger_.push_back(std::move(batch));
  }

  void ReadAndCommit(Reader& reader) {
    const auto views = reader.Read(4, 1U << 20);
    if (!views || views->empty()) return;
    const Sequence through = views->back().sequence;
    if (reader.Commit(through)) committed_ = through;
  }

  // A new process has begun: what the last one appended and the log does not have was never
  // acknowledged, and its sequences are given out again.
  void ForgetWhatWasNeverSynced(Sequence synced) {
    ASSERT_GE(synced, acknowledged_);
    while (!ledger_.empty() && ledger_.back().last > synced) ledger_.pop_back();
    const Sequence known = ledger_.empty() ? Sequence{} : ledger_.back().last;
    ASSERT_EQ(synced, known) << "the log ends in the middle of an Append or has one that was never made";
  }

  // The disk works again: everything that was promised must be there.
  void CheckPromises() {
    const auto before = Inspect(*files_, options_.directory);
    if (before) {
      EXPECT_FALSE(before->damaged()) << ToText(*before);
    } else {
      // Broken before the folder was there.
      EXPECT_EQ(before.error().code(), ErrorCode::kNotFound);
      EXPECT_EQ(acknowledged_, Sequence{});
    }
    auto opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    Spool& spool = **opened;
    ForgetWhatWasNeverSynced(spool.synced());
    EXPECT_THAT(observer_.damage, testing::IsEmpty());
    EXPECT_THAT(observer_.lost_positions, testing::IsEmpty());
    auto reader = spool.OpenReader("persister").value();
    EXPECT_GE(reader->committed(), committed_);
    // And it works on: three more segments' worth.
    const std::size_t old = ledger_.size();
    for (int i = 0; i < 20; ++i) {
      AppendBatch(spool, 2, 1200);
      ASSERT_TRUE(spool.Flush().ok());
      ASSERT_TRUE(spool.Maintain().ok());
    }
    EXPECT_GT(ledger_.size(), old);
    std::vector<std::string> expected;
    for (const AppendedBatch& batch : ledger_) {
      std::uint64_t sequence = batch.last.value - batch.payloads.size();
      for (const std::string& payload : batch.payloads) {
        if (++sequence > reader->committed().value) expected.push_back(payload);
      }
    }
    EXPECT_EQ(Drain(*reader, 7), expected);
    ASSERT_TRUE(reader->Commit(spool.synced()).ok());
    ASSERT_TRUE(spool.Maintain().ok());
    EXPECT_LE(spool.stats().segments, 3U);
    const Inspection after = Inspect(*files_, options_.directory).value();
    EXPECT_FALSE(after.damaged()) << ToText(after);
    EXPECT_EQ(after.segments.size() + after.spares.size(), spool.stats().segments);
  }

  int batches_ = 0;
  std::deque<AppendedBatch> ledger_;
  Sequence acknowledged_;
  Sequence committed_;
};

// One course of events, on a disk of its own.
class Course final : public SpoolFaultTest {
 public:
  void TestBody() override {}

  // Lives one after another, on a disk on which call number `at`, counted over all of them, is
  // broken. False when they make fewer calls.
  bool LiveThrough(std::initializer_list<int> rounds_of_lives, Fault fault = Fault::kNone, std::uint64_t at = 0) {
    env::FaultingFileSystem broken(*files_);
    broken.OnFailedSync(env::MemoryFileSystem::DropUnsynced);
    broken.Arm(fault, at);
    for (const int rounds : rounds_of_lives) {
      Live(broken, rounds);
      files_->ProcessCrash();
    }
    return broken.struck();
  }

  void CutPower(std::uint64_t seed) {
    const auto random = env::NewSeededRandom(seed);
    files_->PowerCut(*random);
  }

  using SpoolFaultTest::CheckPromises;
};

// A life, a restart with its recovery, a second life; call after call is broken in them.
void BreakEveryCall(Fault fault, const std::vector<std::optional<std::uint64_t>>& power_cuts) {
  std::uint64_t calls = 0;
  for (bool struck = true; struck && !testing::Test::HasFailure(); ++calls) {
    for (const auto& seed : power_cuts) {
      SCOPED_TRACE("call " + std::to_string(calls + 1) + (seed ? ", power cut " + std::to_string(*seed) : ""));
      Course course;
      struck = course.LiveThrough({16, 10}, fault, calls + 1);
      if (seed) course.CutPower(*seed * 1000 + calls);
      course.CheckPromises();
    }
  }
  EXPECT_GT(calls, 200U);  // else the two lives do less than they should
}

TEST(SpoolFaults, AnIoErrorAtAnyCallThenARestartLosesNothing) { BreakEveryCall(Fault::kIoError, {std::nullopt}); }
TEST(SpoolFaults, AnIoErrorAtAnyCallThenAPowerCutLosesNothing) { BreakEveryCall(Fault::kIoError, {1, 2}); }
TEST(SpoolFaults, NoSpaceAtAnyCallLosesNothing) { BreakEveryCall(Fault::kNoSpace, {std::nullopt, 1}); }
TEST(SpoolFaults, AShortWriteAtAnyCallLosesNothing) { BreakEveryCall(Fault::kShortWrite, {std::nullopt, 1}); }
TEST(SpoolFaults, TheDeathOfTheProcessAtAnyCallLosesNothing) { BreakEveryCall(Fault::kCrash, {std::nullopt}); }
TEST(SpoolFaults, APowerCutAtAnyCallLosesNothing) { BreakEveryCall(Fault::kCrash, {1, 2, 3, 4, 5, 6}); }

// What one process saw and another relied on must be durable all the same.
TEST(SpoolFaults, TheDeathOfTheProcessAtAnyCallThenALifeThenAPowerCutLosesNothing) {
  bool struck = true;
  for (std::uint64_t call = 1; struck && !HasFailure(); ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    Course course;
    struck = course.LiveThrough({16}, Fault::kCrash, call);
    course.LiveThrough({5});
    course.CutPower(call);
    course.CheckPromises();
  }
}

TEST(SpoolFaults, APowerCutDuringTheRecoveryFromAPowerCutLosesNothing) {
  bool first_struck = true;
  for (std::uint64_t first = 1; first_struck && !HasFailure(); first += 3) {
    bool second_struck = true;
    for (std::uint64_t second = 1; second <= 25 && second_struck && !HasFailure(); ++second) {
      SCOPED_TRACE("call " + std::to_string(first) + ", then call " + std::to_string(second));
      Course course;
      first_struck = course.LiveThrough({16}, Fault::kCrash, first);
      course.CutPower(first);
      second_struck = course.LiveThrough({2}, Fault::kCrash, second);
      course.CutPower(second);
      course.CheckPromises();
    }
  }
}

}  // namespace
}  // namespace audit::spool
