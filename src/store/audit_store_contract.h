// What audit_store.h and event_query.h promise, as tests that every store runs:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, AuditStoreContract, StoreTest);
//
// The fixture is a StoreFixture with `options_.retention_months`, `Open()`, which opens the store anew by its
// options, `clock_`, and `Months()`, the months that have a partition ("2026_11"), oldest first.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "store/store_fixture.h"

namespace audit::store {

template <class Fixture>
class AuditStoreContract : public Fixture {
 protected:
  static SampleEvent FullEvent(const std::string& id) {
    SampleEvent event;
    event.id = id + " quote ' and \xE2\x82\xAC \\N \t";
    event.occurred_at = At("2026-11-24T10:00:00.123456Z");
    event.subject = "registrant/7";
    event.resource_type = "registrant";
    event.resource_id = "";
    event.outcome = "denied";
    event.reason = "";
    event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    event.details = R"({"amount":1.50,"precise":12345678901234567890.0123456789,"resource":{"currency":"INR"}})";
    return event;
  }

  static void ExpectSame(const event::Record& stored, const SampleEvent& event) {
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
    ASSERT_EQ(stored.details.has_value(), given.details.has_value());
    // jsonb has spaces of its own between tokens, and the samples none within them.
    std::string details(stored.details.value_or(""));
    details.erase(std::remove(details.begin(), details.end(), ' '), details.end());
    EXPECT_EQ(details, given.details.value_or(""));
  }

  void ExpectStored(const SampleEvent& event) {
    int rows = 0;
    const auto read = this->Query({.id = event.id}, [&](const StoredEvent& stored) {
      ++rows;
      ExpectSame(stored.record, event);
      EXPECT_GT(stored.ingested_at, At("2024-01-01T00:00:00Z"));
      return true;
    });
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(rows, 1);
  }

  void WriteSamples() {
    const auto sample = [](const char* id, const char* time, const char* actor, const char* outcome) {
      SampleEvent event;
      event.id = id;
      event.occurred_at = At(time);
      event.actor_id = actor;
      event.outcome = outcome;
      return event;
    };
    std::vector<SampleEvent> events = {
        sample("a", "2026-10-31T23:59:59Z", "u-1", "success"), sample("b", "2026-11-01T00:00:00Z", "u-2", "failure"),
        sample("c", "2026-11-24T10:00:00Z", "u-1", "denied"), sample("d", "2026-11-24T10:00:00Z", "u-2", "success"),
        sample("e", "2026-11-24T11:00:00.5Z", "u-1", "success")};
    events[2].resource_type = "registrant";
    events[2].resource_id = "7";
    events[3].resource_type = "registrant";
    events[3].source = "/other";
    events[4].type = "org.example.update";
    events[4].trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    this->Write(events);
  }
};

TYPED_TEST_SUITE_P(AuditStoreContract);

// A batch with a duplicate may take another way into the store than one without.
TYPED_TEST_P(AuditStoreContract, KeepsEveryColumnAsItWasGivenAlsoBesideADuplicate) {
  const SampleEvent first = this->FullEvent("first");
  const SampleEvent second = this->FullEvent("second");
  const SampleEvent bare = Numbered(1);  // what is absent stays absent
  EXPECT_THAT(this->Write({first}), testing::ElementsAre(Outcome::kStored));
  EXPECT_THAT(this->Write({first, second, bare}),
              testing::ElementsAre(Outcome::kDuplicate, Outcome::kStored, Outcome::kStored));
  for (const SampleEvent& event : {first, second, bare}) this->ExpectStored(event);
}

TYPED_TEST_P(AuditStoreContract, AnEmptyBatchIsFine) { EXPECT_TRUE(this->Write({}).empty()); }

TYPED_TEST_P(AuditStoreContract, TheSameEventAgainIsADuplicate) {
  using testing::ElementsAre;
  EXPECT_THAT(this->Write({Numbered(1), Numbered(2)}), ElementsAre(Outcome::kStored, Outcome::kStored));
  EXPECT_THAT(this->Write({Numbered(2), Numbered(3)}), ElementsAre(Outcome::kDuplicate, Outcome::kStored));
  EXPECT_THAT(this->Write({Numbered(3), Numbered(4), Numbered(1)}),
              ElementsAre(Outcome::kDuplicate, Outcome::kStored, Outcome::kDuplicate));
  EXPECT_EQ(this->Ids().size(), 4U);
}

TYPED_TEST_P(AuditStoreContract, TheSameEventTwiceInABatchIsStoredOnce) {
  using testing::ElementsAre;
  EXPECT_THAT(this->Write({Numbered(1), Numbered(2), Numbered(1)}),
              ElementsAre(Outcome::kStored, Outcome::kStored, Outcome::kDuplicate));
  EXPECT_THAT(this->Write({Numbered(3), Numbered(3)}), ElementsAre(Outcome::kStored, Outcome::kDuplicate));
  EXPECT_EQ(this->Ids().size(), 3U);
}

// As after a crash, when nobody knows what was committed.
TYPED_TEST_P(AuditStoreContract, ABatchThatIsRepeatedToAStoreOpenedAnewChangesNothing) {
  EXPECT_THAT(this->Write(NumberedEvents(0, 100)), testing::Each(Outcome::kStored));
  this->Open();
  EXPECT_THAT(this->Write(NumberedEvents(0, 100)), testing::Each(Outcome::kDuplicate));
  EXPECT_EQ(this->Ids().size(), 100U);
}

TYPED_TEST_P(AuditStoreContract, AnotherEventUnderTheSameIdAndTimeIsAConflictThatNamesColumnsAndNoValues) {
  using testing::ElementsAre;
  SampleEvent second = Numbered(1);
  second.actor_id = "somebody else";
  second.reason = "because";
  EXPECT_THAT(this->Write({Numbered(1)}), ElementsAre(Outcome::kStored));
  EXPECT_THAT(this->Write({second, Numbered(2)}), ElementsAre(Outcome::kConflict, Outcome::kStored));
  EXPECT_EQ(this->reasons_[0], "another event is stored under this id and time; it differs in actor_id, reason");
  EXPECT_EQ(this->reasons_[1], "");
  EXPECT_THAT(this->Write({Numbered(1)}), ElementsAre(Outcome::kDuplicate));
  this->ExpectStored(Numbered(1));
}

TYPED_TEST_P(AuditStoreContract, OfDifferentEventsInOneBatchTheFirstIsStored) {
  SampleEvent second = Numbered(1);
  second.details = R"({"other":true})";
  EXPECT_THAT(this->Write({Numbered(1), second, Numbered(1)}),
              testing::ElementsAre(Outcome::kStored, Outcome::kConflict, Outcome::kDuplicate));
  this->ExpectStored(Numbered(1));
}

TYPED_TEST_P(AuditStoreContract, AnEventThatIsSentAgainInAnotherTraceIsADuplicate) {
  SampleEvent first;
  first.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  SampleEvent again;
  again.trace_id = "1bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_THAT(this->Write({first}), testing::ElementsAre(Outcome::kStored));
  EXPECT_THAT(this->Write({again, SampleEvent{}}), testing::ElementsAre(Outcome::kDuplicate, Outcome::kDuplicate));
  this->ExpectStored(first);
}

TYPED_TEST_P(AuditStoreContract, EveryColumnButTheTimeOfIngestAndTheTraceMakesAConflict) {
  SampleEvent base;
  base.subject = base.resource_type = base.resource_id = base.reason = base.trace_id = "x";
  base.details = R"({"k":1})";
  EXPECT_THAT(this->Write({base}), testing::ElementsAre(Outcome::kStored));
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
  EXPECT_THAT(this->Write(changed), testing::Each(Outcome::kConflict));
  this->clock_.Advance(std::chrono::seconds(5));
  EXPECT_THAT(this->Write({base}), testing::ElementsAre(Outcome::kDuplicate));
  this->ExpectStored(base);
}

// Numbers by value: docs/decisions/0010-numbers-are-the-same-by-value.md.
TYPED_TEST_P(AuditStoreContract, DetailsAreTheSameByTheirValueAndStayAsTheyCameFirst) {
  SampleEvent first;
  first.details = R"({"a":1.0,"b":"\u0041","c":[100,0,0.1]})";
  std::vector<SampleEvent> events(5, first);
  events[1].details = R"({"c":[100,0,0.1],"b":"A","a":1.0})";
  events[2].details = R"({"a":1,"b":"A","c":[1e2,-0.00,10E-2]})";
  events[3].details = R"({"a":1.0,"b":"A","c":[100,0,0.10000000000000000001]})";
  events[4].details = R"({"a":"1.0","b":"A","c":[100,0,0.1]})";
  EXPECT_THAT(this->Write(events), testing::ElementsAre(Outcome::kStored, Outcome::kDuplicate, Outcome::kDuplicate,
                                                        Outcome::kConflict, Outcome::kConflict));
  EXPECT_THAT(this->reasons_[3], testing::EndsWith("differs in details"));
  EXPECT_EQ(this->Query({},
                        [](const StoredEvent& stored) {
                          EXPECT_THAT(stored.record.details, testing::Optional(testing::HasSubstr("1.0")));
                          return true;
                        })
                .value(),
            1U);
}

TYPED_TEST_P(AuditStoreContract, TheSameIdAtAnotherTimeIsAnotherEvent) {
  SampleEvent later;
  later.occurred_at = At("2026-11-24T10:00:00.000001Z");
  SampleEvent next_month;
  next_month.occurred_at = At("2026-12-24T10:00:00Z");
  EXPECT_THAT(this->Write({SampleEvent(), later, next_month}), testing::Each(Outcome::kStored));
  EXPECT_EQ(this->Ids().size(), 3U);
}

TYPED_TEST_P(AuditStoreContract, ABatchOverManyDaysAnswersInItsOwnOrder) {
  std::vector<SampleEvent> events;
  for (int i = 0; i < 40; ++i) {
    events.push_back(Numbered(i));
    events.back().occurred_at = {At("2025-12-20T00:00:00Z").value +
                                 std::int64_t{i % 20} * 86'400 * time::kMicrosPerSecond};
  }
  events[25].id = "e-5";  // on the same day as number 5
  events[37].id = "e-17";
  events[37].action = "other";
  std::vector<Outcome> expected(40, Outcome::kStored);
  expected[25] = Outcome::kDuplicate;
  expected[37] = Outcome::kConflict;
  EXPECT_EQ(this->Write(events), expected);
  EXPECT_EQ(this->Ids().size(), 38U);
  EXPECT_THAT(this->Months(), testing::ElementsAre("2025_12", "2026_01"));
}

TYPED_TEST_P(AuditStoreContract, YearsWithoutANameAreRejectedAndTheFirstAndLastAreStored) {
  SampleEvent far = Numbered(1);
  far.occurred_at = {At("9999-12-31T23:59:59.999999Z").value + 1};
  SampleEvent too_early = Numbered(2);
  too_early.occurred_at = {At("0001-01-01T00:00:00Z").value - 1};
  const std::vector<SampleEvent> events = {far, too_early, Numbered(3, "0001-01-01T00:00:00Z"),
                                           Numbered(4, "9999-12-31T23:59:59Z")};
  EXPECT_THAT(this->Write(events),
              testing::ElementsAre(Outcome::kRejected, Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_EQ(this->reasons_[0], "its time is outside the years 0001 to 9999");
  EXPECT_EQ(this->reasons_[1], this->reasons_[0]);
  EXPECT_THAT(this->Months(), testing::ElementsAre("0001_01", "9999_12"));
  // A repeat of the batch is answered in the same way.
  EXPECT_THAT(this->Write(events),
              testing::ElementsAre(Outcome::kRejected, Outcome::kRejected, Outcome::kDuplicate, Outcome::kDuplicate));
}

TYPED_TEST_P(AuditStoreContract, ARecordOlderThanTheRetentionIsRejectedAndMakesNoPartition) {
  this->options_.retention_months = 2;
  this->Open();
  EXPECT_THAT(this->Write({Numbered(1, "2026-08-31T23:59:59Z"), Numbered(2, "2026-09-01T00:00:00Z"), Numbered(3)}),
              testing::ElementsAre(Outcome::kRejected, Outcome::kStored, Outcome::kStored));
  EXPECT_EQ(this->reasons_[0], "its time is older than the retention of 2 months");
  EXPECT_THAT(this->Months(), testing::ElementsAre("2026_09", "2026_11"));
}

TYPED_TEST_P(AuditStoreContract, ThisMonthAndTheNextOnesAreMadeAhead) {
  for (int time = 0; time < 2; ++time) {
    EXPECT_THAT(this->Maintain(3, 84), testing::IsEmpty());
    EXPECT_THAT(this->Months(), testing::ElementsAre("2026_11", "2026_12", "2027_01"));
  }
}

TYPED_TEST_P(AuditStoreContract, MonthsOlderThanTheRetentionAreDroppedWhole) {
  this->Write({Numbered(1, "2019-09-01T00:00:00Z"), Numbered(2, "2019-10-31T23:59:59Z"),
               Numbered(3, "2019-11-01T00:00:00Z"), Numbered(4)});
  EXPECT_THAT(this->Maintain(1, 84), testing::ElementsAre("2019_09", "2019_10"));
  EXPECT_THAT(this->Months(), testing::ElementsAre("2019_11", "2026_11"));
  EXPECT_THAT(this->Ids(), testing::ElementsAre("e-4", "e-3"));
  EXPECT_THAT(this->Maintain(1, 84), testing::IsEmpty());
}

TYPED_TEST_P(AuditStoreContract, ZeroKeepsEveryMonth) {
  this->Write({Numbered(1, "1999-01-01T00:00:00Z")});
  EXPECT_THAT(this->Maintain(1, 0), testing::IsEmpty());
  EXPECT_THAT(this->Months(), testing::ElementsAre("1999_01", "2026_11"));
}

TYPED_TEST_P(AuditStoreContract, AMonthThatWasDroppedIsMadeAnewWhenAnEventNeedsIt) {
  const SampleEvent event = Numbered(1, "2019-01-01T00:00:00Z");
  this->Write({event});
  EXPECT_THAT(this->Maintain(1, 84), testing::ElementsAre("2019_01"));
  EXPECT_THAT(this->Write({event}), testing::ElementsAre(Outcome::kStored));
  EXPECT_THAT(this->Ids(), testing::ElementsAre("e-1"));
}

TYPED_TEST_P(AuditStoreContract, NewestComesFirstAndTiesGoById) {
  this->WriteSamples();
  EXPECT_THAT(this->Ids(), testing::ElementsAre("e", "d", "c", "b", "a"));
  EXPECT_THAT(this->Ids({.order = Order::kOldestFirst}), testing::ElementsAre("a", "b", "c", "d", "e"));
}

TYPED_TEST_P(AuditStoreContract, EachFilterSelectsAndAllHoldTogether) {
  using testing::ElementsAre;
  this->WriteSamples();
  EXPECT_THAT(this->Ids({.id = "c"}), ElementsAre("c"));
  EXPECT_THAT(this->Ids({.source = "/other"}), ElementsAre("d"));
  EXPECT_THAT(this->Ids({.type = "org.example.update"}), ElementsAre("e"));
  EXPECT_THAT(this->Ids({.actor_id = "u-1"}), ElementsAre("e", "c", "a"));
  EXPECT_THAT(this->Ids({.resource_type = "registrant"}), ElementsAre("d", "c"));
  EXPECT_THAT(this->Ids({.resource_type = "registrant", .resource_id = "7"}), ElementsAre("c"));
  EXPECT_THAT(this->Ids({.outcomes = {"denied", "failure"}}), ElementsAre("c", "b"));
  EXPECT_THAT(this->Ids({.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"}), ElementsAre("e"));
  EXPECT_THAT(this->Ids({.actor_id = "nobody"}), testing::IsEmpty());
  EXPECT_THAT(this->Ids({.actor_id = "u-1", .outcomes = {"success"}}), ElementsAre("e", "a"));
}

TYPED_TEST_P(AuditStoreContract, TheTimeRangeIncludesItsBeginAndNotItsEnd) {
  using testing::ElementsAre;
  this->WriteSamples();
  EXPECT_THAT(this->Ids({.from = At("2026-11-24T10:00:00Z"), .before = At("2026-11-24T11:00:00.500000Z")}),
              ElementsAre("d", "c"));
  EXPECT_THAT(this->Ids({.from = At("2026-11-24T10:00:00.000001Z")}), ElementsAre("e"));
  EXPECT_THAT(this->Ids({.before = At("2026-11-01T00:00:00.000001Z")}), ElementsAre("b", "a"));
  EXPECT_THAT(this->Ids({.from = At("2027-01-01T00:00:00Z")}), testing::IsEmpty());
  EXPECT_THAT(this->Ids({.from = At("2026-11-25T00:00:00Z"), .before = At("2026-11-01T00:00:00Z")}),
              testing::IsEmpty());
}

TYPED_TEST_P(AuditStoreContract, TheLimitAndTheCallerEndAQuery) {
  this->WriteSamples();
  EXPECT_THAT(this->Ids({.limit = 4}), testing::ElementsAre("e", "d", "c", "b"));
  EXPECT_THAT(this->Ids({.order = Order::kOldestFirst, .limit = 2}), testing::ElementsAre("a", "b"));
  EXPECT_THAT(this->Ids({.limit = 0}), testing::IsEmpty());
  int calls = 0;
  const auto read = this->Query({}, [&](const StoredEvent&) { return ++calls < 2; });
  EXPECT_EQ(read.value(), 2U);
  EXPECT_EQ(calls, 2);
}

TYPED_TEST_P(AuditStoreContract, ManyRowsComeInOrderAndOnce) {
  this->Write(NumberedEvents(0, 1'234));
  std::vector<std::string> expected;
  for (int i = 1'233; i >= 0; --i) expected.push_back("e-" + std::to_string(i));
  EXPECT_EQ(this->Ids(), expected);
}

TYPED_TEST_P(AuditStoreContract, BatchesUnderWayAnswerInTheOrderInWhichTheyWereBegun) {
  std::vector<SampleEvent> events = NumberedEvents(0, 300);
  std::vector<event::Record> records;
  for (std::size_t i = 0; i < events.size(); ++i) events[i].subject = "s-" + std::to_string(i % 7);
  for (const SampleEvent& event : events) records.push_back(event.record());
  const std::span<const event::Record> all(records);
  this->store().Begin(all.first(200));
  this->store().Begin(all.subspan(150));  // of the first 50 the store has, or will have, what came before
  const auto first = this->store().Finish();
  ASSERT_TRUE(first.ok()) << first.error().message();
  ASSERT_EQ(first->size(), 200U);
  for (const RecordOutcome& each : *first) EXPECT_EQ(each.outcome, Outcome::kStored);
  const auto second = this->store().Finish();
  ASSERT_TRUE(second.ok()) << second.error().message();
  ASSERT_EQ(second->size(), 150U);
  for (std::size_t i = 0; i < second->size(); ++i) {
    EXPECT_EQ((*second)[i].outcome, i < 50 ? Outcome::kDuplicate : Outcome::kStored);
  }
  EXPECT_EQ(this->Ids().size(), 300U);
}

TYPED_TEST_P(AuditStoreContract, OfDifferentEventsInBatchesUnderWayTheFirstIsStored) {
  for (int round = 0; round < 20; ++round) {
    // Their keys may be different writers'.
    SampleEvent one = Numbered(round);
    SampleEvent other = one;
    one.subject = "one-" + std::to_string(round);
    other.subject = "other-" + std::to_string(round);
    const event::Record first = one.record();
    const event::Record second = other.record();
    this->store().Begin({&first, 1});
    this->store().Begin({&second, 1});
    const auto stored = this->store().Finish();
    const auto conflict = this->store().Finish();
    ASSERT_TRUE(stored.ok() && conflict.ok());
    EXPECT_EQ(stored->front().outcome, Outcome::kStored);
    EXPECT_EQ(conflict->front().outcome, Outcome::kConflict);
  }
}

TYPED_TEST_P(AuditStoreContract, WhatWasAbandonedIsBegunAgainAndEveryRowIsThereOnce) {
  const std::vector<SampleEvent> events = NumberedEvents(0, 100);
  std::vector<event::Record> records;
  for (const SampleEvent& event : events) records.push_back(event.record());
  const std::span<const event::Record> all(records);
  this->store().Begin(all.first(50));
  this->store().Begin(all.subspan(50));
  this->store().Abandon();
  const auto written = this->store().Write(all);
  ASSERT_TRUE(written.ok()) << written.error().message();
  EXPECT_EQ(written->size(), 100U);
  EXPECT_EQ(this->Ids().size(), 100U);
}

REGISTER_TYPED_TEST_SUITE_P(
    AuditStoreContract, KeepsEveryColumnAsItWasGivenAlsoBesideADuplicate, AnEmptyBatchIsFine,
    TheSameEventAgainIsADuplicate, TheSameEventTwiceInABatchIsStoredOnce,
    ABatchThatIsRepeatedToAStoreOpenedAnewChangesNothing,
    AnotherEventUnderTheSameIdAndTimeIsAConflictThatNamesColumnsAndNoValues,
    OfDifferentEventsInOneBatchTheFirstIsStored, AnEventThatIsSentAgainInAnotherTraceIsADuplicate,
    EveryColumnButTheTimeOfIngestAndTheTraceMakesAConflict, DetailsAreTheSameByTheirValueAndStayAsTheyCameFirst,
    TheSameIdAtAnotherTimeIsAnotherEvent, ABatchOverManyDaysAnswersInItsOwnOrder,
    YearsWithoutANameAreRejectedAndTheFirstAndLastAreStored, ARecordOlderThanTheRetentionIsRejectedAndMakesNoPartition,
    ThisMonthAndTheNextOnesAreMadeAhead, MonthsOlderThanTheRetentionAreDroppedWhole, ZeroKeepsEveryMonth,
    AMonthThatWasDroppedIsMadeAnewWhenAnEventNeedsIt, NewestComesFirstAndTiesGoById,
    EachFilterSelectsAndAllHoldTogether, TheTimeRangeIncludesItsBeginAndNotItsEnd, TheLimitAndTheCallerEndAQuery,
    ManyRowsComeInOrderAndOnce, BatchesUnderWayAnswerInTheOrderInWhichTheyWereBegun,
    OfDifferentEventsInBatchesUnderWayTheFirstIsStored, WhatWasAbandonedIsBegunAgainAndEveryRowIsThereOnce);

}  // namespace audit::store
