// What the log costs: appending alone, group commit on the real disk, the flush into pre-written, only
// reserved and growing files side by side. The disk is that of AUDIT_BENCH_DIRECTORY, else of the
// working directory.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "env/clock.h"
#include "env/memory_file_system.h"
#include "spool/flusher.h"
#include "spool/reader.h"
#include "spool/spool.h"

namespace audit::spool {
namespace {

constexpr std::size_t kPayload = 700;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("AUDIT_BENCH_DIRECTORY");
    path_ = std::string(base != nullptr ? base : ".") + "/spool-bench-" + std::to_string(::getpid());
    std::filesystem::create_directories(path_);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Takes the sync latency out of what the spool tells its observer.
class Latencies final : public Observer {
 public:
  void OnTornTail(const std::string& /*segment*/, std::uint64_t /*bytes*/) override {}
  void OnDamage(const std::string& /*segment*/, Sequence /*first*/, Sequence /*last*/) override {}
  void OnPositionLost(const std::string& /*reader*/) override {}
  void OnMaintenanceFailed(const Error& /*error*/) override {}
  void OnFlush(std::size_t records, std::size_t /*bytes*/, std::chrono::nanoseconds /*write*/,
               std::chrono::nanoseconds sync) override {
    syncs_us_.push_back(static_cast<double>(sync.count()) / 1000.0);
    records_ += records;
  }
  void Report(benchmark::State& state) {
    if (syncs_us_.empty()) return;
    std::sort(syncs_us_.begin(), syncs_us_.end());
    state.counters["sync_p50_us"] = syncs_us_[syncs_us_.size() / 2];
    state.counters["sync_p99_us"] = syncs_us_[syncs_us_.size() * 99 / 100];
    state.counters["records_per_flush"] = static_cast<double>(records_) / static_cast<double>(syncs_us_.size());
  }

 private:
  std::vector<double> syncs_us_;
  std::size_t records_ = 0;
};

// Takes writes and forgets them.
class Sink final : public env::FileSystem {
 public:
  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override {
    auto file = base_.Open(path, mode);
    if (!file) return file;
    return std::unique_ptr<env::File>(std::make_unique<SinkFile>());
  }
  Result<void> Rename(const std::string& from, const std::string& to) override { return base_.Rename(from, to); }
  Result<void> Remove(const std::string& path) override { return base_.Remove(path); }
  Result<void> CreateDirectories(const std::string& path) override { return base_.CreateDirectories(path); }
  Result<std::vector<std::string>> List(const std::string& path) override { return base_.List(path); }
  Result<void> SyncDirectory(const std::string& path) override { return base_.SyncDirectory(path); }
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string& path) override { return base_.Lock(path); }

 private:
  class SinkFile final : public env::File {
   public:
    Result<std::size_t> ReadAt(std::uint64_t /*offset*/, std::span<char> /*buffer*/) const override {
      return std::size_t{0};
    }
    Result<std::size_t> WriteAt(std::uint64_t /*offset*/, std::string_view bytes) override { return bytes.size(); }
    Result<void> Sync() override { return {}; }
    Result<void> Allocate(std::uint64_t /*size*/) override { return {}; }
    [[nodiscard]] Result<std::uint64_t> Size() const override { return std::uint64_t{0}; }
  };
  env::MemoryFileSystem base_;
};

// The hot path without a disk: threads append, one of them flushes into nothing now and then.
void BM_AppendWithoutDisk(benchmark::State& state) {
  static std::unique_ptr<Sink> files;
  static std::unique_ptr<env::Random> random;
  static std::unique_ptr<Spool> spool;
  if (state.thread_index() == 0) {
    files = std::make_unique<Sink>();
    random = env::NewSeededRandom(1);
    Options options;
    options.directory = "spool";
    options.max_bytes = 1ULL << 50;
    spool = Spool::Open(*files, env::SystemClock(), *random, options, nullptr).value();
  }
  const std::string payload(kPayload, 'x');
  const std::string_view one[] = {payload};
  std::int64_t accepted = 0;
  std::int64_t calls = 0;
  for (auto _ : state) {
    accepted += spool->Append(one).status == AppendStatus::kAccepted ? 1 : 0;
    if (state.thread_index() == 0 && ++calls % 500 == 0 && !spool->Flush()) std::abort();
  }
  state.SetItemsProcessed(accepted);
  if (state.thread_index() == 0) spool.reset();
}
BENCHMARK(BM_AppendWithoutDisk)->Threads(1)->Threads(2)->UseRealTime();

// So many requests outstanding: when some are synced, as many new ones come.
void BM_GroupCommit(benchmark::State& state) {
  const auto outstanding = static_cast<std::uint64_t>(state.range(0));
  const TemporaryDirectory directory;
  const auto random = env::NewSystemRandom();
  Latencies latencies;
  Options options;
  options.directory = directory.path();
  auto spool = Spool::Open(env::PosixFileSystem(), env::SystemClock(), *random, options, &latencies).value();

  struct Waiting final : ProgressListener {
    void OnWritten(Sequence /*through*/) override {}
    void OnSynced(Sequence through) override {
      const std::scoped_lock lock(mutex);
      synced = through.value;
      moved.notify_one();
    }
    void OnFailed(const Error& error) override { std::fprintf(stderr, "%s\n", error.message().c_str()), std::abort(); }
    std::mutex mutex;
    std::condition_variable moved;
    std::uint64_t synced = 0;
  } waiting;
  spool->AddListener(&waiting);
  Flusher flusher(*spool, [](const Error&) {});
  const std::string payload(kPayload, 'x');
  const std::string_view one[] = {payload};
  std::uint64_t appended = 0;
  std::uint64_t synced = 0;
  std::uint64_t refused = 0;
  for (auto _ : state) {
    while (appended - synced < outstanding) {
      if (spool->Append(one).status == AppendStatus::kAccepted) {
        ++appended;
      } else {
        ++refused;
        break;
      }
    }
    flusher.Kick();
    std::unique_lock lock(waiting.mutex);
    waiting.moved.wait_for(lock, std::chrono::milliseconds(1), [&] { return waiting.synced != synced; });
    synced = waiting.synced;
  }
  flusher.Stop();
  state.SetItemsProcessed(static_cast<std::int64_t>(synced));
  state.SetBytesProcessed(static_cast<std::int64_t>(synced * kPayload));
  state.counters["refused"] = static_cast<double>(refused);
  latencies.Report(state);
}
BENCHMARK(BM_GroupCommit)->Arg(64)->Arg(256)->Arg(1024)->Arg(8192)->UseRealTime()->MinTime(2.0);

enum class Kind : std::int8_t { kGrowing, kReserved, kPreWritten };

// One flush of range(1) records into a file of each kind: why segments are pre-written.
void BM_WriteAndSync(benchmark::State& state) {
  constexpr std::uint64_t kSize = 64U << 20;
  const auto kind = static_cast<Kind>(state.range(0));
  const TemporaryDirectory directory;
  auto file = env::PosixFileSystem().Open(directory.path() + "/file", env::OpenMode::kCreate).value();
  if (kind != Kind::kGrowing && !file->Allocate(kSize)) std::abort();
  if (kind == Kind::kPreWritten && !env::WriteAllAt(*file, 0, std::string(kSize, '\0'))) std::abort();
  if (!file->Sync()) std::abort();
  const std::string bytes(static_cast<std::size_t>(state.range(1)) * (kPayload + 36), 'x');
  std::uint64_t offset = 0;
  for (auto _ : state) {
    if (offset + bytes.size() > kSize) {
      state.SkipWithError("the file is too small for so many flushes");
      break;
    }
    if (!env::WriteAllAt(*file, offset, bytes) || !file->Sync()) std::abort();
    offset += bytes.size();
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(BM_WriteAndSync)
    ->ArgNames({"kind", "records"})
    ->ArgsProduct({{0, 1, 2}, {64, 256}})
    ->Iterations(300)
    ->UseRealTime();

void BM_Open(benchmark::State& state) {
  const TemporaryDirectory directory;
  const auto random = env::NewSystemRandom();
  Options options;
  options.directory = directory.path();
  for (auto _ : state) {
    auto spool = Spool::Open(env::PosixFileSystem(), env::SystemClock(), *random, options, nullptr);
    if (!spool) std::abort();
    if (state.range(0) == 0) continue;
    // Not counted: fill half of the tail once, so that the next start has something to scan.
    state.PauseTiming();
    const std::string payload(kPayload, 'x');
    const std::string_view one[] = {payload};
    for (int i = 0; spool.value()->stats().appended.value < 40'000; ++i) {
      if (spool.value()->Append(one).status != AppendStatus::kAccepted || i % 1000 == 0) {
        if (!spool.value()->Flush()) std::abort();
      }
    }
    if (!spool.value()->Flush()) std::abort();
    spool.value().reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Open)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(5)->UseRealTime();

// A reader going through a full segment in the page cache.
void BM_Read(benchmark::State& state) {
  env::MemoryFileSystem files;
  const auto random = env::NewSeededRandom(1);
  Options options;
  options.directory = "spool";
  options.readers = {"reader"};
  auto spool = Spool::Open(files, env::SystemClock(), *random, options, nullptr).value();
  const std::string payload(kPayload, 'x');
  const std::string_view one[] = {payload};
  for (int i = 0; i < 80'000; ++i) {
    if (spool->Append(one).status != AppendStatus::kAccepted || i % 1000 == 0) {
      if (!spool->Flush()) std::abort();
    }
  }
  if (!spool->Flush()) std::abort();
  auto reader = spool->OpenReader("reader").value();
  std::int64_t records = 0;
  for (auto _ : state) {
    auto views = reader->Read(2000, 4U << 20);
    if (!views) std::abort();
    if (views->empty()) reader->Rewind();
    records += static_cast<std::int64_t>(views->size());
  }
  state.SetItemsProcessed(records);
}
BENCHMARK(BM_Read);

}  // namespace
}  // namespace audit::spool
