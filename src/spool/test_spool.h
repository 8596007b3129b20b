// A spool over files in memory, as the tests of this room use it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/manual_clock.h"
#include "env/memory_file_system.h"
#include "env/random.h"
#include "spool/reader.h"
#include "spool/segment_scan.h"
#include "spool/spool.h"

namespace audit::spool {

inline constexpr std::uint64_t kTestSegment = 16U << 10;

// Remembers what it was told.
class RecordingObserver final : public Observer {
 public:
  void OnTornTail(const std::string& /*segment*/, std::uint64_t bytes) override { torn.push_back(bytes); }
  void OnDamage(const std::string& /*segment*/, Sequence first, Sequence last) override {
    damage.push_back({first, last});
  }
  void OnPositionLost(const std::string& reader) override { lost_positions.push_back(reader); }
  void OnMaintenanceFailed(const Error& error) override { maintenance_errors.push_back(error.message()); }
  void OnFlush(std::size_t records, std::size_t /*bytes*/, std::chrono::nanoseconds /*write*/,
               std::chrono::nanoseconds /*sync*/) override {
    flushed.push_back(records);
  }

  std::vector<std::uint64_t> torn;
  std::vector<MissingRange> damage;
  std::vector<std::string> lost_positions;
  std::vector<std::string> maintenance_errors;
  std::vector<std::size_t> flushed;
};

class RecordingListener final : public ProgressListener {
 public:
  void OnWritten(Sequence through) override { written = through; }
  void OnSynced(Sequence through) override { synced = through; }
  void OnFailed(const Error& error) override { failures.push_back(error.message()); }

  Sequence written;
  Sequence synced;
  std::vector<std::string> failures;
};

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    options_.directory = "spool";
    options_.segment_bytes = kTestSegment;
    options_.max_bytes = 8 * kTestSegment;
    options_.readers = {"persister"};
  }

  Result<std::unique_ptr<Spool>> TryOpen(env::FileSystem& files) {
    return Spool::Open(files, clock_, *random_, options_, &observer_);
  }
  Result<std::unique_ptr<Spool>> TryOpen() { return TryOpen(*files_); }

  std::unique_ptr<Spool> Open() { return TryOpen().value(); }

  static AppendResult Append(Spool& spool, const std::vector<std::string>& payloads) {
    const std::vector<std::string_view> views(payloads.begin(), payloads.end());
    return spool.Append(views);
  }

  // All that a reader has to give, in order, with its own small bounds so that calls add up.
  static std::vector<std::string> Drain(Reader& reader, std::size_t max_records = 3) {
    std::vector<std::string> payloads;
    while (true) {
      const auto views = reader.Read(max_records, 1U << 20);
      EXPECT_TRUE(views.ok());
      if (!views.ok() || views->empty()) return payloads;
      for (const RecordView& view : *views) payloads.emplace_back(view.payload);
    }
  }

  std::unique_ptr<env::MemoryFileSystem> files_ = std::make_unique<env::MemoryFileSystem>();
  env::ManualClock clock_{time::UnixMicros{1'700'000'000'000'000}};
  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  Options options_;
  RecordingObserver observer_;
};

}  // namespace audit::spool
