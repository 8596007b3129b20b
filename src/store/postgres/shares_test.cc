#include "store/postgres/shares.h"

#include <gmock/gmock.h>

#include <map>
#include <numeric>

#include "store/sample_event.h"

namespace audit::store::postgres {
namespace {

using testing::ElementsAre;

std::vector<Share> Divide(const std::vector<SampleEvent>& events, int writers) {
  std::vector<event::Record> records;
  for (const SampleEvent& event : events) records.push_back(event.record());
  Share places(events.size());
  std::iota(places.begin(), places.end(), 0U);
  return DivideByKey(records, places, writers);
}

std::vector<SampleEvent> EventsOfKeys(int count, int keys) {
  std::vector<SampleEvent> events = NumberedEvents(0, count);
  for (int i = 0; i < count; ++i) events[static_cast<std::size_t>(i)].subject = "s-" + std::to_string(i % keys);
  return events;
}

TEST(DivideByKey, AKeyIsInOneShareAndKeepsItsOrder) {
  const std::vector<SampleEvent> events = EventsOfKeys(1'000, 37);
  const std::vector<Share> shares = Divide(events, 4);
  ASSERT_GT(shares.size(), 1U);
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
  EXPECT_EQ(Divide(events, 4).size(), 1U);
  for (std::size_t i = 0; i < events.size(); ++i) events[i].actor_id = "u-" + std::to_string(i);
  EXPECT_GT(Divide(events, 4).size(), 1U);
}

TEST(DivideByKey, OneWriterGetsAllInOrder) {
  EXPECT_THAT(Divide(EventsOfKeys(4, 4), 1), ElementsAre(ElementsAre(0, 1, 2, 3)));
}

TEST(DivideByKey, OneIdAndTimeUnderTwoKeysIsForOneWriter) {
  std::vector<SampleEvent> events = EventsOfKeys(100, 50);
  events[99].id = events[0].id;
  events[99].occurred_at = events[0].occurred_at;
  EXPECT_EQ(Divide(events, 8).size(), 1U);
}

TEST(DivideByKey, NoShareIsEmpty) {
  EXPECT_EQ(Divide(EventsOfKeys(1, 1), 8).size(), 1U);
  EXPECT_TRUE(Divide({}, 8).empty());
}

}  // namespace
}  // namespace audit::store::postgres
