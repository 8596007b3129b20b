#include "store/sqlite/query.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "sqlite/database.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class QueryTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Write({Numbered(1, "2026-10-31T23:59:59Z"), Numbered(2), Numbered(3)});
  }
};

TEST_F(QueryTest, DaysOutsideTheRangeAreNotOpened) {
  store_.reset();
  std::filesystem::resize_file(options_.directory + "/2026_10/31.db", 10'000);  // no longer a database
  EXPECT_THAT(Ids({.from = At("2026-11-01T00:00:00Z")}), ElementsAre("e-3", "e-2"));
  EXPECT_THAT(Ids({.limit = 2}), ElementsAre("e-3", "e-2"));
  EXPECT_FALSE(Query({}, [](const StoredEvent&) { return true; }).ok());
}

TEST_F(QueryTest, AStoreThatIsNotThereIsEmpty) {
  options_.directory = "/nonexistent/store";
  EXPECT_THAT(Ids(), IsEmpty());
}

TEST_F(QueryTest, AFileThatWasMadeAndNotYetFilledIsEmpty) {
  std::filesystem::create_directory(options_.directory + "/2026_12");
  std::ofstream(options_.directory + "/2026_12/01.db").close();
  EXPECT_EQ(Ids().size(), 3U);
}

TEST_F(QueryTest, FiltersUseTheirIndexes) {
  auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadOnly, {});
  ASSERT_TRUE(database.ok());
  const auto plan = [&](const char* condition) {
    const std::string sql = std::string("EXPLAIN QUERY PLAN SELECT * FROM audit_events WHERE ") + condition +
                            " ORDER BY occurred_at DESC, id DESC";
    auto rows = database->Prepare(sql);
    EXPECT_TRUE(rows.ok());
    std::string text;
    while (rows->Step().value()) text += std::string(rows->Text(3)) + ";";
    return text;
  };
  using testing::HasSubstr;
  EXPECT_THAT(plan("actor_id = 'x'"), HasSubstr("idx_audit_events_actor"));
  EXPECT_THAT(plan("resource_type = 'x' AND resource_id = 'y'"), HasSubstr("idx_audit_events_resource"));
  EXPECT_THAT(plan("type = 'x'"), HasSubstr("idx_audit_events_type"));
  EXPECT_THAT(plan("trace_id = 'x'"), HasSubstr("idx_audit_events_trace"));
  EXPECT_THAT(plan("occurred_at >= 'x'"), HasSubstr("idx_audit_events_occurred_at"));
  EXPECT_THAT(plan("occurred_at >= 'x'"), testing::Not(HasSubstr("TEMP B-TREE")));
}

// Another process that reads while this one writes sees whole batches, more and more of them.
TEST_F(StoreTest, AReaderInAnotherProcessSeesWholeBatchesWhileTheyAreWritten) {
  constexpr std::size_t kBatches = 30;
  constexpr std::size_t kBatch = 100;
  Write(NumberedEvents(0, kBatch));
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t seen = 0;
    while (seen < kBatches * kBatch) {
      std::size_t now = 0;
      auto read = QueryEvents(options_.directory, {}, [&](const StoredEvent&) { return ++now > 0; });
      if (!read.ok() || now < seen || now % kBatch != 0) ::_exit(1);
      seen = now;
    }
    ::_exit(0);
  }
  for (std::size_t i = 1; i < kBatches; ++i) {
    EXPECT_THAT(Write(NumberedEvents(static_cast<int>(i * kBatch), kBatch)), testing::Each(Outcome::kStored));
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace audit::store
