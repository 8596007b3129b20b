// What is PostgreSQL's own in the answers of Write: the straight way and the staging one, rows that the server refuses,
// several writers. The rest is in store/audit_store_contract.h.
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

TEST_F(PostgresOutcomeTest, InvestigatorsQueriesWorkInPlainSql) {
  SampleEvent event;
  event.outcome = "denied";
  event.details = R"({"resource":{"currency":"INR"}})";
  Write({event, Numbered(2)});
  EXPECT_EQ(Sql("SELECT count(*) FROM audit_events WHERE details->'resource'->>'currency' = 'INR' AND outcome IN "
                "('denied','failure') AND occurred_at > '2026-11-24'"),
            "1");
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
