#include "kafka/fetched_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kafka/partition_table.h"

namespace audit::kafka {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

MessageView View(std::int32_t partition, std::int64_t offset, std::string_view value) {
  MessageView view;
  view.partition = partition;
  view.offset = offset;
  view.key = "k";
  view.value = value;
  return view;
}

TEST(FetchedEventsTest, GivesWhatWasAddedWithReadableBytesBehindEveryValue) {
  FetchedEvents events("topic");
  const std::vector<event::MessageHeader> headers{
      {"name", "value"}, {"empty", ""}, {"null", std::nullopt}, {"last", "1"}};
  MessageView view = View(2, 7, "the value");
  view.headers = headers;
  events.Add(view);
  view.key.reset();
  view.value = "";
  events.Add(view);
  view.tombstone = true;
  events.Add(view);
  const auto given = events.Give(10, 1'000);
  ASSERT_THAT(given, SizeIs(3));
  EXPECT_EQ(given[0].value, "the value");
  EXPECT_EQ(given[0].key, "k");
  EXPECT_EQ(given[0].origin, "topic");
  EXPECT_EQ(given[0].partition, 2);
  EXPECT_EQ(given[0].offset, 7U);
  ASSERT_THAT(given[0].headers, SizeIs(4));
  EXPECT_EQ(given[0].headers[0].name, "name");
  EXPECT_EQ(given[0].headers[0].value, "value");
  EXPECT_EQ(given[0].headers[1].value, "");
  EXPECT_EQ(given[0].headers[2].value, std::nullopt);
  EXPECT_EQ(given[0].headers[3].value, "1");
  EXPECT_FALSE(given[1].tombstone);
  EXPECT_TRUE(given[2].tombstone);
  EXPECT_EQ(given[1].key, std::nullopt);
  // AddressSanitizer judges it.
  unsigned sum = 0;
  const volatile char* end = given[1].value.data() + given[1].value.size();
  for (std::size_t i = 0; i < pipeline::kValuePadding; ++i) sum += static_cast<unsigned char>(end[i]);
  EXPECT_GE(sum, 0U);
}

TEST(FetchedEventsTest, TheBoundsHoldButOneEventComesAlways) {
  FetchedEvents events("topic");
  for (int i = 0; i < 5; ++i) events.Add(View(0, i, std::string(100, 'x')));
  EXPECT_THAT(events.Give(3, 10'000), SizeIs(3));
  EXPECT_THAT(events.Give(10, 250), SizeIs(2));
  EXPECT_THAT(events.Give(10, 1), SizeIs(1));
}

TEST(FetchedEventsTest, WhatIsDroppedIsNotGivenAgainAndWhatIsTakenBackIs) {
  FetchedEvents events("topic");
  for (int i = 0; i < 6; ++i) events.Add(View(i % 2, 10 + i, "v"));
  (void)events.Give(3, 1'000);
  EXPECT_THAT(events.GivenUpTo(), ElementsAre(Pair(0, 13), Pair(1, 12)));
  events.DropGiven();
  EXPECT_EQ(events.count(), 3U);
  (void)events.Give(2, 1'000);
  events.TakeBack();
  const auto given = events.Give(10, 1'000);
  ASSERT_THAT(given, SizeIs(3));
  EXPECT_EQ(given[0].offset, 13U);
  events.DropGiven();
  EXPECT_EQ(events.count(), 0U);
  EXPECT_EQ(events.bytes(), 0U);
}

TEST(FetchedEventsTest, APartitionThatIsGoneTakesItsEventsAlong) {
  FetchedEvents events("topic");
  for (int i = 0; i < 6; ++i) events.Add(View(i % 2, i, "v"));
  (void)events.Give(1, 1'000);
  events.DropGiven();
  (void)events.Give(1, 1'000);  // of partition 1
  EXPECT_TRUE(events.GivenFrom({1}));
  EXPECT_FALSE(events.GivenFrom({0}));
  events.DropPartitions({1});
  EXPECT_EQ(events.count(), 2U);
  for (const pipeline::SourcedEvent& event : events.Give(10, 1'000)) EXPECT_EQ(event.partition, 0);
}

TEST(PartitionTableTest, APartitionThatComesBackIsUnknownAgain) {
  PartitionTable table;
  const std::int32_t both[] = {4, 2};
  table.Add(both);
  EXPECT_THAT(table.Unknown(), ElementsAre(2, 4));
  table.Know(4, 100);
  table.Know(2, std::nullopt);
  table.Know(9, 1);  // not ours
  EXPECT_THAT(table.Unknown(), IsEmpty());
  EXPECT_EQ(table.Find(4)->next, 100);
  EXPECT_EQ(table.Find(2)->next, std::nullopt);
  EXPECT_EQ(table.Find(9), nullptr);
  const std::int32_t four[] = {4};
  table.Remove(four);
  EXPECT_FALSE(table.Has(4));
  table.Add(both);
  EXPECT_THAT(table.Unknown(), ElementsAre(2, 4));
}

TEST(PartitionTableTest, AnOffsetThatTheGroupLostIsRemembered) {
  PartitionTable table;
  const std::int32_t one[] = {1};
  table.Add(one);
  table.Know(1, 5);
  table.Committed(1, 20);
  table.Remove(one);
  table.Add(one);
  table.Know(1, std::nullopt);
  EXPECT_EQ(table.Find(1)->committed, std::nullopt);
  EXPECT_EQ(table.Find(1)->next, 20);
}

}  // namespace
}  // namespace audit::kafka
