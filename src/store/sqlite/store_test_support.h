// What the tests of this room share: a store in a folder of its own, and its rows as they are read back.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/manual_clock.h"
#include "store/sample_event.h"
#include "store/sqlite/query.h"
#include "store/sqlite/sqlite_audit_store.h"

namespace audit::store {

// A folder that goes with the object. In memory where that can be had: the tests make faults of
// their own, and the device's sync would only make them slow.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = "/dev/shm/audit-store-XXXXXX";
    if (::access("/dev/shm", W_OK) != 0) name = testing::TempDir() + "audit-store-XXXXXX";
    path_ = ::mkdtemp(name.data()) != nullptr ? name : "";
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StoreTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    auto opened = SqliteAuditStore::Open(options_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    store_ = std::move(opened).value();
  }
  void Reopen() {
    store_.reset();
    Open();
  }

  Result<std::vector<RecordOutcome>> TryWrite(const std::vector<SampleEvent>& events) {
    std::vector<event::Record> records;
    for (const SampleEvent& event : events) records.push_back(event.record());
    return store_->Write(records);
  }
  std::vector<Outcome> Write(const std::vector<SampleEvent>& events) {
    auto written = TryWrite(events);
    EXPECT_TRUE(written.ok()) << written.error().message();
    std::vector<Outcome> outcomes;
    reasons_.clear();
    for (RecordOutcome& outcome : written.value()) {
      outcomes.push_back(outcome.outcome);
      reasons_.push_back(std::move(outcome.reason));
    }
    return outcomes;
  }

  std::vector<std::string> Ids(const EventQuery& query = {}) {
    std::vector<std::string> ids;
    auto read = QueryEvents(options_.directory, query, [&](const StoredEvent& event) {
      ids.emplace_back(event.record.id);
      return true;
    });
    EXPECT_TRUE(read.ok()) << read.error().message();
    return ids;
  }

  [[nodiscard]] std::string DayFilePath() const { return options_.directory + "/2026_11/24.db"; }

  TemporaryFolder folder_;
  env::ManualClock clock_{At("2026-11-24T12:00:00Z")};
  SqliteStoreOptions options_{.directory = folder_.path() + "/store", .busy_timeout = std::chrono::milliseconds(20)};
  std::unique_ptr<SqliteAuditStore> store_;
  std::vector<std::string> reasons_;  // of the last Write
};

}  // namespace audit::store
