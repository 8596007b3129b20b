#include "spool/flusher.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "env/clock.h"
#include "env/faulting_file_system.h"
#include "spool/inspect.h"
#include "spool/test_spool.h"

namespace audit::spool {
namespace {

// Lets a thread wait until the flusher has synced as far as it needs.
class WaitingListener final : public ProgressListener {
 public:
  void OnWritten(Sequence /*through*/) override {}
  void OnSynced(Sequence through) override {
    const env::MutexLock lock(mutex_);
    synced_ = through;
    moved_.NotifyAll();
  }
  void OnFailed(const Error& /*error*/) override {
    const env::MutexLock lock(mutex_);
    failed_ = true;
    moved_.NotifyAll();
  }
  // False when the spool failed before.
  bool WaitFor(Sequence sequence) {
    const env::MutexLock lock(mutex_);
    while (synced_ < sequence && !failed_) moved_.Wait(mutex_);
    return synced_ >= sequence;
  }

 private:
  env::Mutex mutex_;
  env::Condition moved_;
  Sequence synced_ GUARDED_BY(mutex_);
  bool failed_ GUARDED_BY(mutex_) = false;
};

class FlusherTest : public SpoolTest {
 protected:
  std::atomic<int> failures_{0};
  std::function<void(const Error&)> on_failure_ = [this](const Error&) { ++failures_; };
};

TEST_F(FlusherTest, StopFlushesWhatIsQueued) {
  auto spool = Open();
  Flusher flusher(*spool, on_failure_);
  Append(*spool, {"never kicked"});
  flusher.Stop();
  EXPECT_EQ(spool->synced(), Sequence{1});
  flusher.Stop();
  EXPECT_EQ(failures_, 0);
}

TEST_F(FlusherTest, NoKickIsLost) {
  options_.max_bytes = 64 * kTestSegment;
  auto spool = Open();
  WaitingListener listener;
  spool->AddListener(&listener);
  Flusher flusher(*spool, on_failure_);
  // One at a time: the flusher falls asleep between any two, and each has to wake it.
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    AppendResult result = Append(*spool, {"x"});
    while (result.status == AppendStatus::kQueueFull) result = Append(*spool, {"x"});
    ASSERT_EQ(result.status, AppendStatus::kAccepted);
    flusher.Kick();
    ASSERT_TRUE(listener.WaitFor(result.last));
  }
  flusher.Stop();
}

TEST_F(FlusherTest, AFailureIsToldOnceAndEndsTheFlushing) {
  env::FaultingFileSystem broken(*files_);
  auto spool = TryOpen(broken).value();
  Append(*spool, {"x"});
  broken.Arm(env::Fault::kIoError, 1);
  ASSERT_FALSE(spool->Flush().ok());
  WaitingListener listener;
  Flusher flusher(*spool, on_failure_);
  flusher.Kick();
  flusher.Stop();
  EXPECT_EQ(failures_, 1);
}

// Several threads append, one reads and commits, the real threads flush and recycle: every record
// that was accepted comes once, and those of one thread in their order.
TEST_F(FlusherTest, ManyThreadsAppendWhileOneReads) {
  constexpr int kThreads = 3;
  constexpr std::uint64_t kEach = 2000;
  options_.max_bytes = 64 * kTestSegment;
  auto spool = Spool::Open(*files_, env::SystemClock(), *random_, options_, nullptr).value();
  WaitingListener listener;
  spool->AddListener(&listener);
  auto flusher = std::make_unique<Flusher>(*spool, on_failure_);
  std::vector<std::thread> writers;
  std::atomic<int> writing{kThreads};
  for (int id = 0; id < kThreads; ++id) {
    writers.emplace_back([&, id] {
      for (std::uint64_t i = 0; i < kEach;) {
        const std::string first = std::to_string(id) + " " + std::to_string(i);
        const std::string second = std::to_string(id) + " " + std::to_string(i + 1) + std::string(i % 500, '.');
        const AppendResult result = Append(*spool, {first, second});
        if (result.status == AppendStatus::kAccepted) i += 2;
        flusher->Kick();
        if (i % 100 == 0 || result.status != AppendStatus::kAccepted) std::this_thread::yield();
      }
      --writing;
    });
  }
  auto reader = spool->OpenReader("persister").value();
  std::map<int, std::uint64_t> next;
  std::uint64_t read = 0;
  while (read < kThreads * kEach && !HasFailure()) {
    const auto views = reader->Read(64, 100'000);
    ASSERT_TRUE(views.ok());
    for (const RecordView& view : *views) {
      const int id = view.payload.front() - '0';
      ASSERT_EQ(std::stoull(std::string(view.payload.substr(2))), next[id]);
      ++next[id];
      ++read;
      ASSERT_EQ(view.sequence, Sequence{read});
    }
    if (!views->empty()) ASSERT_TRUE(reader->Commit(views->back().sequence).ok());
    if (views->empty()) std::this_thread::yield();
    (void)spool->stats();
  }
  for (std::thread& writer : writers) writer.join();
  flusher->Stop();
  EXPECT_EQ(failures_, 0);
  EXPECT_EQ(reader->Read(10, 1000)->size(), 0U);
  EXPECT_FALSE(Inspect(*files_, options_.directory)->damaged());
}

}  // namespace
}  // namespace audit::spool
