#include "store/postgres/shares.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>

#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

using testing::ElementsAre;

Division Divide(const std::vector<SampleEvent>& events, int writers) {
  std::vector<event::Record> records;
  records.reserve(events.size());
  for (const SampleEvent& event : events) records.push_back(event.record());
  Share places(events.size());
  std::iota(places.begin(), places.end(), 0U);
  return DivideByKey(records, places, writers);
}

std::ptrdiff_t Used(const Division& division) {
  return std::ranges::count_if(division.shares, [](const Share& share) { return !share.empty(); });
}

std::vector<SampleEvent> EventsOfKeys(int count, int keys) {
  std::vector<SampleEvent> events = NumberedEvents(0, count);
  for (int i = 0; i < count; ++i) events[static_cast<std::size_t>(i)].subject = "s-" + std::to_string(i % keys);
  return events;
}

TEST(DivideByKey, AKeyIsInOneShareAndKeepsItsOrder) {
  const std::vector<SampleEvent> events = EventsOfKeys(1'000, 37);
  const std::vector<Share> shares = Divide(events, 4).shares;
  ASSERT_EQ(shares.size(), 4U);
  ASSERT_FALSE(shares[0].empty() || shares[1].empty());
  std::map<std::string, std::size_t> share_of;
  std::size_t places = 0;
  for (std::size_t s = 0; s < shares.size(); ++s) {
    EXPECT_TRUE(std::is_sorted(shares[s].begin(), shares[s].end()));
    for (const std::uint32_t place : shares[s]) {
      EXPECT_EQ(share_of.try_emplace(*events[place].subject, s).first->second, s);
    }
    places += shares[s].size();
  }
  EXPECT_EQ(places, events.size());
}

TEST(DivideByKey, WithoutASubjectTheActorIsTheKey) {
  std::vector<SampleEvent> events = NumberedEvents(0, 100);  // one actor
  for (std::size_t i = 0; i < 50; ++i) events[i].subject = "";
  EXPECT_EQ(Used(Divide(events, 4)), 1);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].actor_id = "u-" + std::to_string(i);
  EXPECT_GT(Used(Divide(events, 4)), 1);
}

TEST(DivideByKey, OneWriterGetsAllInOrder) {
  EXPECT_THAT(Divide(EventsOfKeys(4, 4), 1).shares, ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(DivideByKey, OneIdAndTimeUnderTwoKeysIsForOneWriter) {
  std::vector<SampleEvent> events = EventsOfKeys(100, 50);
  events[99].id = events[0].id;
  events[99].occurred_at = events[0].occurred_at;
  const Division division = Divide(events, 8);
  EXPECT_TRUE(division.undivided);
  EXPECT_EQ(division.shares.front().size(), events.size());
  EXPECT_EQ(Used(division), 1);
}

TEST(DivideByKey, AKeyIsTheSameWritersInEveryBatch) {
  const std::vector<SampleEvent> events = EventsOfKeys(64, 64);
  const std::vector<Share> together = Divide(events, 4).shares;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::vector<Share> alone = Divide({events[i]}, 4).shares;
    for (std::size_t writer = 0; writer < 4; ++writer) {
      EXPECT_EQ(alone[writer].size(), std::ranges::count(together[writer], i));
    }
  }
}

TEST(DivideByKey, BatchesGoSideBySideUnlessAnIdAndTimeHasAnotherKeyInTheOther) {
  std::vector<SampleEvent> first = EventsOfKeys(100, 50);
  std::vector<SampleEvent> second = EventsOfKeys(100, 50);
  EXPECT_TRUE(Divide(first, 4).MayGoBeside(Divide(second, 4))) << "the same writer has them, one after the other";
  bool beside = true;
  for (int i = 0; i < 50 && beside; ++i) {
    second[7].subject = "other-" + std::to_string(i);  // one of them is another writer's
    beside = Divide(first, 4).MayGoBeside(Divide(second, 4));
  }
  EXPECT_FALSE(beside);
}

TEST(DivideByKey, NothingGoesBesideABatchThatIsNotDivided) {
  std::vector<SampleEvent> events = EventsOfKeys(100, 50);
  events[99].id = events[0].id;
  events[99].occurred_at = events[0].occurred_at;
  const Division undivided = Divide(events, 8);
  const Division other = Divide({NumberedEvents(5'000, 1)}, 8);
  EXPECT_FALSE(undivided.MayGoBeside(other));
  EXPECT_FALSE(other.MayGoBeside(undivided));
}

}  // namespace
}  // namespace audit::store::postgres
