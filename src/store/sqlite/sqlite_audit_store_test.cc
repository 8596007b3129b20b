#include "store/sqlite/sqlite_audit_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "sqlite/database.h"
#include "store/sqlite/store_test_support.h"

namespace audit::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(StoreTest, KeepsEveryColumnAsItWasGiven) {
  SampleEvent event;
  event.id = "quote ' and \xE2\x82\xAC";
  event.occurred_at = At("2026-11-24T10:00:00.123456Z");
  event.subject = "registrant/7";
  event.resource_type = "registrant";
  event.resource_id = "";
  event.outcome = "denied";
  event.reason = "";
  event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  event.details = R"({"amount":1.50,"resource":{"currency":"INR"}})";
  EXPECT_THAT(Write({event}), ElementsAre(Outcome::kStored));

  int rows = 0;
  auto read = QueryEvents(options_.directory, {}, [&](const StoredEvent& stored) {
    ++rows;
    const event::Record& record = stored.record;
    EXPECT_EQ(record.id, event.id);
    EXPECT_EQ(record.occurred_at, event.occurred_at);
    EXPECT_EQ(stored.ingested_at, clock_.Now());
    EXPECT_EQ(record.source, event.source);
    EXPECT_EQ(record.type, event.type);
    EXPECT_EQ(record.subject, event.subject);
    EXPECT_EQ(record.actor_type, event.actor_type);
    EXPECT_EQ(record.actor_id, event.actor_id);
    EXPECT_EQ(record.resource_type, event.resource_type);
    EXPECT_EQ(record.resource_id, "");
    EXPECT_EQ(record.action, event.action);
    EXPECT_EQ(record.outcome, event.outcome);
    EXPECT_EQ(record.reason, "");
    EXPECT_EQ(record.trace_id, event.trace_id);
    EXPECT_EQ(record.details, event.details);
    return true;
  });
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(rows, 1);
}

TEST_F(StoreTest, AbsentColumnsAreNull) {
  Write({SampleEvent()});
  auto database = sqlite::Database::Open(DayFilePath(), sqlite::OpenMode::kReadOnly, {});
  ASSERT_TRUE(database.ok());
  const auto nulls = database->QueryInteger(
      "SELECT (subject IS NULL) + (resource_type IS NULL) + (resource_id IS NULL) + (reason IS NULL) + "
      "(trace_id IS NULL) + (details IS NULL) FROM audit_events");
  EXPECT_EQ(nulls.value(), 6);
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

TEST_F(StoreTest, TheSameEventAgainIsADuplicate) {
  EXPECT_THAT(Write({Numbered(1), Numbered(2)}), ElementsAre(Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  EXPECT_EQ(Ids().size(), 3U);
}

TEST_F(StoreTest, TheSameEventTwiceInABatchIsStoredOnce) {
  EXPECT_THAT(Write({Numbered(1), Numbered(1)}), ElementsAre(Outcome::kStored, Outcome::kDuplicate));
  EXPECT_EQ(Ids().size(), 1U);
}

TEST_F(StoreTest, AnotherEventUnderTheSameIdAndTimeIsAConflictThatNamesColumnsAndNoValues) {
  SampleEvent first;
  SampleEvent second;
  second.actor_id = "somebody else";
  second.reason = "because";
  EXPECT_THAT(Write({first}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Write({second}), ElementsAre(Outcome::kConflict));
  EXPECT_THAT(reasons_[0], HasSubstr("actor_id, reason"));
  EXPECT_THAT(reasons_[0], testing::Not(HasSubstr("somebody")));
  EXPECT_THAT(Write({first}), ElementsAre(Outcome::kDuplicate));
}

TEST_F(StoreTest, EveryColumnButTheTimeOfIngestAndTheTraceMakesAConflict) {
  SampleEvent base;
  base.subject = base.resource_type = base.resource_id = base.reason = base.trace_id = "x";
  base.details = R"({"k":1})";
  EXPECT_THAT(Write({base}), ElementsAre(Outcome::kStored));
  std::vector<SampleEvent> changed;
  for (auto field : {&SampleEvent::source, &SampleEvent::type, &SampleEvent::actor_type, &SampleEvent::actor_id,
                     &SampleEvent::action, &SampleEvent::outcome}) {
    changed.push_back(base);
    changed.back().*field = "other";
  }
  for (auto field : {&SampleEvent::subject, &SampleEvent::resource_type, &SampleEvent::resource_id,
                     &SampleEvent::reason, &SampleEvent::details}) {
    changed.push_back(base);
    changed.back().*field = R"({"k":2})";
    changed.push_back(base);
    (changed.back().*field).reset();
  }
  EXPECT_THAT(Write(changed), testing::Each(Outcome::kConflict));
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_THAT(Write({base}), ElementsAre(Outcome::kDuplicate));
}

TEST_F(StoreTest, AnEventThatIsSentAgainInAnotherTraceIsADuplicate) {
  SampleEvent first;
  first.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  SampleEvent again;
  again.trace_id = "1bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_THAT(Write({first}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Write({again, SampleEvent{}}), ElementsAre(Outcome::kDuplicate, Outcome::kDuplicate));
}

TEST_F(StoreTest, TheSameDetailsInAnotherOrderAreADuplicate) {
  SampleEvent first;
  first.details = R"({"a":1.0,"b":"\u0041"})";
  SampleEvent reordered;
  reordered.details = R"({"b":"A","a":1.0})";
  SampleEvent other_digits;
  other_digits.details = R"({"a":1,"b":"A"})";
  EXPECT_THAT(Write({first, reordered, other_digits}),
              ElementsAre(Outcome::kStored, Outcome::kDuplicate, Outcome::kConflict));
}

TEST_F(StoreTest, TheSameIdAtAnotherTimeIsAnotherEvent) {
  SampleEvent later;
  later.occurred_at = At("2026-11-24T10:00:00.000001Z");
  SampleEvent next_day;
  next_day.occurred_at = At("2026-11-25T10:00:00Z");
  EXPECT_THAT(Write({SampleEvent(), later, next_day}), testing::Each(Outcome::kStored));
}

TEST_F(StoreTest, ABatchOverManyDaysAnswersInItsOwnOrder) {
  std::vector<SampleEvent> events;
  for (int i = 0; i < 40; ++i) {
    SampleEvent event = Numbered(i);
    event.occurred_at = {At("2025-12-20T00:00:00Z").value + (i % 20) * 86'400 * time::kMicrosPerSecond};
    event.id = i == 25 ? "e-5" : event.id;
    events.push_back(event);
  }
  std::vector<Outcome> expected(40, Outcome::kStored);
  expected[25] = Outcome::kDuplicate;  // of number 5, on the same day
  EXPECT_EQ(Write(events), expected);
  EXPECT_EQ(Ids().size(), 39U);
}

TEST_F(StoreTest, AnEmptyBatchIsFine) { EXPECT_TRUE(Write({}).empty()); }

TEST_F(StoreTest, YearsWithoutANameAreRejectedAndTheOthersStored) {
  SampleEvent far;
  far.occurred_at = {At("9999-12-31T23:59:59.999999Z").value + 1};
  SampleEvent too_early;
  too_early.occurred_at = {At("0001-01-01T00:00:00Z").value - 1};
  EXPECT_THAT(Write({far, Numbered(1), too_early}),
              ElementsAre(Outcome::kRejected, Outcome::kStored, Outcome::kRejected));
}

TEST_F(StoreTest, ARecordOlderThanTheRetentionIsRejectedWhateverItsFolder) {
  options_.retention_months = 2;
  Reopen();
  EXPECT_THAT(Write({Numbered(1, "2026-08-31T23:59:59Z"), Numbered(2, "2026-09-01T00:00:00Z"), Numbered(3)}),
              ElementsAre(Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(reasons_[0], HasSubstr("2 months"));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/2026_08"));
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
  Reopen();
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
