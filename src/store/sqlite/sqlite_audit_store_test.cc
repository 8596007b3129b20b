#include "store/sqlite/sqlite_audit_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "sqlite/database.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(StoreTest, TheTimeOfIngestIsTheClocks) {
  Write({SampleEvent()});
  clock_.Advance(std::chrono::seconds(5));
  Write({SampleEvent()});
  auto read = Query({}, [](const StoredEvent& stored) {
    EXPECT_EQ(stored.ingested_at, kNow);
    return true;
  });
  EXPECT_EQ(read.value(), 1U);
}

TEST_F(StoreTest, TheTableHasTheColumnsOfTheContractInOrder) {
  Write({SampleEvent()});
  auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadOnly, {});
  ASSERT_TRUE(database.ok());
  auto rows = database->Prepare("SELECT name, \"notnull\" FROM pragma_table_info('audit_events') ORDER BY cid");
  ASSERT_TRUE(rows.ok());
  std::string columns;
  while (rows->Step().value()) {
    columns += std::string(rows->Text(0)) + (rows->Integer(1) != 0 ? "! " : " ");
  }
  EXPECT_EQ(columns,
            "id! occurred_at! ingested_at! source! type! subject actor_type! actor_id! resource_type resource_id "
            "action! outcome! reason trace_id details ");
}

TEST_F(StoreTest, InvestigatorsQueriesWorkInPlainSql) {
  SampleEvent event;
  event.outcome = "denied";
  event.details = R"({"resource":{"currency":"INR"}})";
  Write({event, Numbered(2)});
  auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadOnly, {});
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(database
                ->QueryInteger("SELECT count(*) FROM audit_events WHERE details->'resource'->>'currency' = 'INR' "
                               "AND outcome IN ('denied','failure') AND occurred_at > '2026-11-24'")
                .value(),
            1);
}

TEST_F(StoreTest, NobodyElseCanReadWhatItWrites) {
  Write({SampleEvent()});
  for (const char* suffix : {"", "-wal"}) {
    struct stat status{};
    ASSERT_EQ(::stat((DayFilePath() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0007U, 0U) << suffix;
  }
}

TEST_F(StoreTest, ManyOpenDaysKeepWithinTheBoundOfOpenFiles) {
  options_.open_days = 2;
  Open();
  std::vector<SampleEvent> events;
  for (int i = 0; i < 10; ++i) {
    events.push_back(Numbered(i));
    events.back().occurred_at.value += i * 86'400 * time::kMicrosPerSecond;
  }
  EXPECT_THAT(Write(events), testing::Each(Outcome::kStored));
  // Closing the last connection to a file takes its log into it.
  int logs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options_.directory)) {
    logs += entry.path().native().ends_with("-wal") ? 1 : 0;
  }
  EXPECT_EQ(logs, 2);
  EXPECT_THAT(Write(events), testing::Each(Outcome::kDuplicate));
}

TEST_F(StoreTest, AFileOfANewerVersionIsLeftAlone) {
  Write({SampleEvent()});
  store_.reset();
  {
    auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadWrite, {});
    ASSERT_TRUE(database->Execute("PRAGMA user_version=2").ok());
  }
  Open();
  const auto written = TryWrite({Numbered(2)});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(written.error().message(), HasSubstr("24.db was made by a newer version"));
}

}  // namespace
}  // namespace audit::store
