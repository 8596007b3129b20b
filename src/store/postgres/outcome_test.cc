// Every answer of Write, by the straight way and by the staging one.
#include <gmock/gmock.h>

#include "store/postgres/server_fixture.h"

namespace audit::store {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PostgresOutcomeTest : public PostgresTest {
 protected:
  // From here on batches go through the temporary table.
  void MeetADuplicate() {
    const SampleEvent known = Numbered(1'000'000);
    Write({known});
    EXPECT_THAT(Write({known}), ElementsAre(Outcome::kDuplicate));
  }
};

SampleEvent FullEvent() {
  SampleEvent event;
  event.id = "quote ' and \xE2\x82\xAC \\N \t";
  event.occurred_at = At("2026-11-24T10:00:00.123456Z");
  event.subject = "registrant/7";
  event.resource_type = "registrant";
  event.resource_id = "";
  event.outcome = "denied";
  event.reason = "";
  event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  event.details = R"({"amount": 1.50, "resource": {"currency": "INR"}})";
  return event;
}

void ExpectSame(const event::Record& stored, const SampleEvent& event) {
  const event::Record given = event.record();
  EXPECT_EQ(stored.id, given.id);
  EXPECT_EQ(stored.occurred_at, given.occurred_at);
  EXPECT_EQ(stored.source, given.source);
  EXPECT_EQ(stored.type, given.type);
  EXPECT_EQ(stored.subject, given.subject);
  EXPECT_EQ(stored.actor_type, given.actor_type);
  EXPECT_EQ(stored.actor_id, given.actor_id);
  EXPECT_EQ(stored.resource_type, given.resource_type);
  EXPECT_EQ(stored.resource_id, given.resource_id);
  EXPECT_EQ(stored.action, given.action);
  EXPECT_EQ(stored.outcome, given.outcome);
  EXPECT_EQ(stored.reason, given.reason);
  EXPECT_EQ(stored.trace_id, given.trace_id);
  EXPECT_EQ(stored.details, given.details);
}

TEST_F(PostgresOutcomeTest, KeepsEveryColumnAsItWasGivenByEitherWay) {
  for (const bool staged : {false, true}) {
    if (staged) MeetADuplicate();
    SampleEvent event = FullEvent();
    event.id += staged ? "staged" : "straight";
    EXPECT_THAT(Write({event}), ElementsAre(Outcome::kStored));
    int rows = 0;
    auto read = QueryEvents(options_, {.id = event.id}, [&](const StoredEvent& stored) {
      ++rows;
      ExpectSame(stored.record, event);
      EXPECT_GT(stored.ingested_at, At("2024-01-01T00:00:00Z"));
      return true;
    });
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(rows, 1);
  }
}

TEST_F(PostgresOutcomeTest, AbsentColumnsAreNull) {
  Write({SampleEvent()});
  EXPECT_EQ(Sql("SELECT num_nulls(subject, resource_type, resource_id, reason, trace_id, details) FROM audit_events"),
            "6");
}

TEST_F(PostgresOutcomeTest, InvestigatorsQueriesWorkInPlainSql) {
  SampleEvent event = FullEvent();
  Write({event, Numbered(2)});
  EXPECT_EQ(Sql("SELECT count(*) FROM audit_events WHERE details->'resource'->>'currency' = 'INR' AND outcome IN "
                "('denied','failure') AND occurred_at > '2026-11-24'"),
            "1");
}

TEST_F(PostgresOutcomeTest, TheSameEventAgainIsADuplicate) {
  EXPECT_THAT(Write({Numbered(1), Numbered(2)}), ElementsAre(Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(Write({Numbered(2), Numbered(3)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  EXPECT_THAT(Write({Numbered(3), Numbered(4), Numbered(1)}),
              ElementsAre(Outcome::kDuplicate, Outcome::kStored, Outcome::kDuplicate));
  EXPECT_EQ(Count(), "4");
}

TEST_F(PostgresOutcomeTest, TheSameEventTwiceInABatchIsStoredOnce) {
  EXPECT_THAT(Write({Numbered(1), Numbered(2), Numbered(1)}),
              ElementsAre(Outcome::kStored, Outcome::kStored, Outcome::kDuplicate));
  EXPECT_THAT(Write({Numbered(3), Numbered(3)}), ElementsAre(Outcome::kStored, Outcome::kDuplicate));
  EXPECT_EQ(Count(), "3");
}

TEST_F(PostgresOutcomeTest, AnotherEventUnderTheSameIdAndTimeIsAConflictThatNamesColumnsAndNoValues) {
  SampleEvent second = Numbered(1);
  second.actor_id = "somebody else";
  second.reason = "because";
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Write({second, Numbered(2)}), ElementsAre(Outcome::kConflict, Outcome::kStored));
  EXPECT_THAT(reasons_[0], HasSubstr("actor_id, reason"));
  EXPECT_THAT(reasons_[0], Not(HasSubstr("somebody")));
  EXPECT_THAT(Write({Numbered(1)}), ElementsAre(Outcome::kDuplicate));
}

TEST_F(PostgresOutcomeTest, ADifferentEventInTheSameBatchIsAConflict) {
  SampleEvent second = Numbered(1);
  second.details = R"({"other":true})";
  EXPECT_THAT(Write({Numbered(1), second, Numbered(1)}),
              ElementsAre(Outcome::kStored, Outcome::kConflict, Outcome::kDuplicate));
}

TEST_F(PostgresOutcomeTest, EveryColumnButTheTimeOfIngestAndTheTraceMakesAConflict) {
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
  EXPECT_THAT(Write(changed), Each(Outcome::kConflict));
  EXPECT_THAT(Write({base}), ElementsAre(Outcome::kDuplicate));
  EXPECT_EQ(Count(), "1");
}

TEST_F(PostgresOutcomeTest, AnEventThatIsSentAgainInAnotherTraceIsADuplicate) {
  SampleEvent first;
  first.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  SampleEvent again;
  again.trace_id = "1bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_THAT(Write({first}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(Write({again, SampleEvent{}}), ElementsAre(Outcome::kDuplicate, Outcome::kDuplicate));
}

TEST_F(PostgresOutcomeTest, DetailsAreComparedAsJson) {
  SampleEvent first;
  first.details = R"({"a":1,"b":"\u0041"})";
  SampleEvent reordered;
  reordered.details = R"({"b":"A","a":1})";
  SampleEvent other;
  other.details = R"({"a":2,"b":"A"})";
  EXPECT_THAT(Write({first, reordered, other}), ElementsAre(Outcome::kStored, Outcome::kDuplicate, Outcome::kConflict));
}

// Without the right to make temporary tables only the straight way is open.
TEST_F(PostgresOutcomeTest, BatchesAreStagedAfterADuplicateAndGoStraightAgainAfterAWhile) {
  const PostgresRoles roles = InstallSchemaForWriter();
  MeetADuplicate();
  Sql("REVOKE TEMPORARY ON DATABASE " + database_ + " FROM PUBLIC, " + roles.writer);
  const auto refused = TryWrite({Numbered(0)});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("42501"));
  Sql("GRANT TEMPORARY ON DATABASE " + database_ + " TO " + roles.writer);
  for (int i = 0; i < 16; ++i) EXPECT_THAT(Write({Numbered(i)}), ElementsAre(Outcome::kStored));
  Sql("REVOKE TEMPORARY ON DATABASE " + database_ + " FROM " + roles.writer);
  EXPECT_THAT(Write({Numbered(16)}), ElementsAre(Outcome::kStored));
}

TEST_F(PostgresOutcomeTest, AnEmptyBatchIsFine) { EXPECT_TRUE(Write({}).empty()); }

TEST_F(PostgresOutcomeTest, ARowThatTheTableRefusesStandsAloneAndTheOthersAreStored) {
  Write({Numbered(1'000)});
  Sql("ALTER TABLE audit_events ADD CONSTRAINT no_bad_action CHECK (action <> 'bad')");
  for (const bool staged : {false, true}) {
    if (staged) MeetADuplicate();
    std::vector<SampleEvent> events = NumberedEvents(staged ? 100 : 0, 50);
    std::vector<Outcome> expected(50, Outcome::kStored);
    for (const std::size_t bad : {0U, 7U, 8U, 49U}) {
      events[bad].action = "bad";
      events[bad].actor_id = "asha@example.org";
      expected[bad] = Outcome::kRejected;
    }
    EXPECT_EQ(Write(events), expected);
    EXPECT_THAT(reasons_[7], HasSubstr("constraint no_bad_action"));
    EXPECT_THAT(reasons_[7], Not(HasSubstr("asha")));
  }
}

TEST_F(PostgresOutcomeTest, AKeyTooLongForItsIndexIsRejected) {
  std::vector<SampleEvent> events = NumberedEvents(0, 5);
  // Random letters: PostgreSQL compresses what repeats.
  unsigned state = 1;
  for (int i = 0; i < 4'000; ++i)
    events[2].id += static_cast<char>('!' + (state = state * 1'103'515'245 + 12'345) / 65'536 % 90);
  EXPECT_THAT(Write(events),
              ElementsAre(Outcome::kStored, Outcome::kStored, Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(reasons_[2], HasSubstr("54000"));
}

TEST_F(PostgresOutcomeTest, WhatIsNoJsonIsRejectedByEitherWay) {
  for (const bool staged : {false, true}) {
    if (staged) MeetADuplicate();
    std::vector<SampleEvent> events = NumberedEvents(staged ? 10 : 0, 3);
    events[1].details = R"({"secret)";
    EXPECT_THAT(Write(events), ElementsAre(Outcome::kStored, Outcome::kRejected, Outcome::kStored));
    EXPECT_THAT(reasons_[1], Not(HasSubstr("secret")));
  }
}

TEST_F(PostgresOutcomeTest, AUniqueIndexOfTheSitesOwnRejects) {
  Write({Numbered(1)});
  Sql("CREATE UNIQUE INDEX one_reason ON audit_events_2026_11 (reason)");
  SampleEvent first = Numbered(2);
  first.reason = "only once";
  SampleEvent second = Numbered(3);
  second.reason = "only once";
  EXPECT_THAT(Write({first, second, Numbered(4)}), ElementsAre(Outcome::kStored, Outcome::kRejected, Outcome::kStored));
  EXPECT_THAT(reasons_[1], HasSubstr("one_reason"));
}

TEST_F(PostgresOutcomeTest, ARecordOlderThanTheRetentionIsRejectedAndMakesNoPartition) {
  options_.retention_months = 2;
  Open();
  EXPECT_THAT(Write({Numbered(1, "2026-08-31T23:59:59Z"), Numbered(2, "2026-09-01T00:00:00Z"), Numbered(3)}),
              ElementsAre(Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(reasons_[0], HasSubstr("2 months"));
  EXPECT_EQ(Partitions(), "audit_events_2026_09 audit_events_2026_11");
}

TEST_F(PostgresOutcomeTest, YearsWithoutANameAreRejectedAndTheFirstAndLastAreStored) {
  SampleEvent far = Numbered(1);
  far.occurred_at = {At("9999-12-31T23:59:59.999999Z").value + 1};
  SampleEvent too_early = Numbered(2);
  too_early.occurred_at = {At("0001-01-01T00:00:00Z").value - 1};
  EXPECT_THAT(Write({far, too_early, Numbered(3, "0001-01-01T00:00:00Z"), Numbered(4, "9999-12-31T23:59:59Z")}),
              ElementsAre(Outcome::kRejected, Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_EQ(Partitions(), "audit_events_0001_01 audit_events_9999_12");
}

// What was written by several connections: every record answered in its place, and each key in one of them, in order.
TEST_F(PostgresOutcomeTest, SeveralWritersKeepTheOrderOfEachKey) {
  options_.writers = 4;
  Open();
  ASSERT_TRUE(EnsurePostgresSchema(options_).ok());
  Sql("CREATE TABLE taken (turn bigserial, subject text, occurred_at timestamptz);"
      "CREATE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO taken (subject, "
      "occurred_at) "
      "VALUES (NEW.subject, NEW.occurred_at); RETURN NEW; END $f$;"
      "CREATE TRIGGER note_turn BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION note_turn()");
  std::vector<SampleEvent> events = NumberedEvents(0, 2'000);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].subject = "s-" + std::to_string(i % 50);
  EXPECT_THAT(Write(events), Each(Outcome::kStored));
  EXPECT_EQ(Count(), "2000");
  // As the server took them, occurred_at grows with the number. Their places in the table would not tell: of pages that
  // several connections add at once, one may get an earlier one later.
  EXPECT_EQ(Sql("SELECT count(*) FROM (SELECT occurred_at < lag(occurred_at) OVER (PARTITION BY subject ORDER BY turn) "
                "AS back FROM taken) o WHERE back"),
            "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM taken"), "2000");
  EXPECT_EQ(Sql("SELECT max(n) FROM (SELECT count(DISTINCT xmin::text) AS n FROM audit_events GROUP BY subject) k"),
            "1");
  EXPECT_NE(Sql("SELECT count(DISTINCT xmin::text) FROM audit_events"), "1");
  events[17].action = "other";
  std::vector<Outcome> expected(events.size(), Outcome::kDuplicate);
  expected[17] = Outcome::kConflict;
  EXPECT_EQ(Write(events), expected);
}

TEST_F(PostgresOutcomeTest, OneIdUnderTwoKeysIsAConflictWhateverTheWriters) {
  options_.writers = 4;
  Open();
  std::vector<SampleEvent> events = NumberedEvents(0, 100);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].subject = "s-" + std::to_string(i);
  events[99].id = events[3].id;
  events[99].occurred_at = events[3].occurred_at;
  std::vector<Outcome> expected(100, Outcome::kStored);
  expected[99] = Outcome::kConflict;
  EXPECT_EQ(Write(events), expected);
}

}  // namespace
}  // namespace audit::store
