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
#include "store/sqlite/layout.h"
#include "store/sqlite/query.h"
#include "store/sqlite/sqlite_audit_store.h"
#include "store/store_fixture.h"

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

class StoreTest : public StoreFixture {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    store_.reset();
    auto opened = SqliteAuditStore::Open(options_, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    store_ = std::move(opened).value();
  }
  AuditStore& store() override { return *store_; }
  Result<std::uint64_t> Query(const EventQuery& query, const EachEvent& each) override {
    return QueryEvents(options_.directory, query, each);
  }
  std::vector<std::string> Months() {
    auto months = ListMonths(options_.directory);
    EXPECT_TRUE(months.ok());
    std::vector<std::string> names;
    for (const Month month : *months) names.push_back(month.ToString());
    return names;
  }

  [[nodiscard]] std::string DayFilePath() const { return options_.directory + "/2026_11/24.db"; }

  TemporaryFolder folder_;
  env::ManualClock clock_{kNow};
  SqliteStoreOptions options_{.directory = folder_.path() + "/store", .busy_timeout = std::chrono::milliseconds(20)};
  std::unique_ptr<SqliteAuditStore> store_;
};

}  // namespace audit::store
