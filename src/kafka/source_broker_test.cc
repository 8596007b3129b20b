#include "kafka/broker_test_support.h"
#include "kafka/plain_client.h"

namespace audit::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::pair<std::optional<std::string>, std::string>> Numbered(int from, int to) {
  std::vector<std::pair<std::optional<std::string>, std::string>> messages;
  for (int i = from; i < to; ++i) messages.emplace_back("key-" + std::to_string(i % 10), std::to_string(i));
  return messages;
}

TEST(SourceBrokerTest, WhatIsCommittedIsNotGivenAgainAndWhatIsNotIs) {
  const std::string topic = MakeTopic(3);
  const std::string group = FreshName("group");
  PutRaw(topic, Numbered(0, 100));
  {
    Member member(Member::Options(topic, group));
    ASSERT_TRUE(member.ReadUntil(100));
    PutRaw(topic, Numbered(100, 150));
    ASSERT_TRUE(WaitFor([&] { return member.Step(false) > 0; }));
  }
  Member next(Member::Options(topic, group));
  ASSERT_TRUE(next.ReadUntil(50));
  EXPECT_THAT(next.read, SizeIs(50));
  for (const Read& read : next.read) EXPECT_GE(std::stoi(read.value), 100);
  EXPECT_THAT(next.observer.holes, IsEmpty());
}

TEST(SourceBrokerTest, RewindGivesTheSameEventsAgainWithinNewBounds) {
  const std::string topic = MakeTopic(2);
  PutRaw(topic, Numbered(0, 60));
  Member member(Member::Options(topic, FreshName("group")));
  std::vector<Read> first;
  ASSERT_TRUE(WaitFor([&] {
    auto fetched = member.source->Fetch(60, 1U << 20);
    EXPECT_TRUE(fetched.ok());
    first = Keep(*fetched);
    return !first.empty();
  }));
  member.source->Rewind();
  std::vector<Read> again;
  while (again.size() < first.size()) {
    auto fetched = member.source->Fetch(7, 1U << 20);
    ASSERT_TRUE(fetched.ok());
    ASSERT_FALSE(fetched->empty());
    ASSERT_LE(fetched->size(), 7U);
    for (Read& read : Keep(*fetched)) again.push_back(std::move(read));
    ASSERT_TRUE(member.source->Commit().ok());
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(again[i].value, first[i].value);
    EXPECT_EQ(again[i].offset, first[i].offset);
  }
}

TEST(SourceBrokerTest, WhatIsSeenAheadIsWhatComesNext) {
  const std::string topic = MakeTopic(3);
  PutRaw(topic, Numbered(0, 100));
  Member member(Member::Options(topic, FreshName("group")));
  std::size_t read = 0;
  std::size_t seen_ahead = 0;
  ASSERT_TRUE(WaitFor([&] {
    auto fetched = member.source->Fetch(20, 1U << 20);
    EXPECT_TRUE(fetched.ok());
    if (fetched->empty()) return member.bell.Wait(), false;
    read += fetched->size();
    const std::vector<Read> ahead = Keep(member.source->LookAhead(20, 1U << 20));
    EXPECT_TRUE(member.source->Commit().ok());
    if (ahead.empty()) return read == 100;
    seen_ahead += ahead.size();
    auto next = member.source->Fetch(20, 1U << 20);
    EXPECT_TRUE(next.ok());
    const std::vector<Read> came = Keep(*next);
    read += came.size();
    EXPECT_GE(came.size(), ahead.size());
    for (std::size_t i = 0; i < std::min(ahead.size(), came.size()); ++i) {
      EXPECT_EQ(came[i].partition, ahead[i].partition);
      EXPECT_EQ(came[i].offset, ahead[i].offset);
      EXPECT_EQ(came[i].value, ahead[i].value);
    }
    EXPECT_TRUE(member.source->Commit().ok());
    return read == 100;
  })) << read;
  EXPECT_GT(seen_ahead, 0U);
}

// A fetch brings more than the queue may hold. If fetching then stood still for librdkafka's second each time, this
// would outlast the patience of the test by far.
TEST(SourceBrokerTest, AFullQueueIsFilledAgainAsSoonAsThereIsRoom) {
  const std::string topic = MakeTopic(1);
  PutRaw(topic,
         std::vector<std::pair<std::optional<std::string>, std::string>>(20'000, {"k", std::string(2'000, 'x')}));
  SourceOptions options = Member::Options(topic, FreshName("group"));
  options.prefetch_events = 100;
  Member member(options);
  EXPECT_TRUE(member.ReadUntil(20'000));
}

TEST(SourceBrokerTest, ABatchKeepsItsBoundOfBytesAndAGiantComesAlone) {
  const std::string topic = MakeTopic(1, {{"max.message.bytes", "4000000"}});
  const std::string giant(2U << 20, 'x');
  PutRaw(topic, {{"k", "small"}, {"k", giant}, {"k", "small too"}, {std::nullopt, ""}});
  Member member(Member::Options(topic, FreshName("group")));
  std::vector<std::vector<Read>> batches;
  std::size_t count = 0;
  ASSERT_TRUE(WaitFor([&] {
    auto fetched = member.source->Fetch(100, 1'000);
    EXPECT_TRUE(fetched.ok());
    if (fetched->empty()) return member.bell.Wait(), false;
    batches.push_back(Keep(*fetched));
    count += fetched->size();
    EXPECT_TRUE(member.source->Commit().ok());
    return count == 4;
  }));
  for (const std::vector<Read>& batch : batches) {
    if (batch.front().value.size() == giant.size()) {
      EXPECT_THAT(batch, SizeIs(1));
    }
  }
  EXPECT_EQ(batches.back().back().value, "");
  EXPECT_EQ(batches.back().back().key, std::nullopt);
}

TEST(SourceBrokerTest, HeadersComeWithTheEvent) {
  const std::string topic = MakeTopic(1);
  PutRaw(topic, {{"k", "v"}}, {{"ce_id", "1"}, {"ce_type", "t"}});
  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(1));
  EXPECT_THAT(member.read[0].headers, ElementsAre(std::pair("ce_id", "1"), std::pair("ce_type", "t")));
}

TEST(SourceBrokerTest, LagIsWhatIsNotCommitted) {
  const std::string topic = MakeTopic(1);
  PutRaw(topic, Numbered(0, 30));
  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(10));
  ASSERT_TRUE(WaitFor([&] {
    member.Step();
    const auto lag = member.source->Lag();
    return lag.size() == 1 && lag[0].events == 0;
  }));
  // While a batch waits for the store the end of the log is asked for.
  PutRaw(topic, Numbered(30, 35));
  ASSERT_TRUE(WaitFor([&] { return member.Step(false) > 0; }));
  PutRaw(topic, Numbered(35, 45));
  ASSERT_TRUE(WaitFor([&] {
    EXPECT_TRUE(member.source->StillOurs());
    const auto lag = member.source->Lag();
    return lag.size() == 1 && lag[0].events == 15;
  }));
}

TEST(SourceBrokerTest, DeletedBeforeItWasReadIsAHole) {
  const std::string topic = MakeTopic(1);
  const std::string group = FreshName("group");
  PutRaw(topic, Numbered(0, 10));
  {
    Member member(Member::Options(topic, group));
    ASSERT_TRUE(member.ReadUntil(10));
  }
  PutRaw(topic, Numbered(10, 40));
  PlainAdmin().DeleteRecords(topic, 0, 25);
  Member member(Member::Options(topic, group));
  ASSERT_TRUE(member.ReadUntil(15));
  ASSERT_THAT(member.observer.holes, SizeIs(1));
  EXPECT_EQ(member.observer.holes[0].partition, 0);
  EXPECT_EQ(member.observer.holes[0].first, 10);
  EXPECT_EQ(member.observer.holes[0].last, 24);
  EXPECT_EQ(member.read.front().value, "25");
}

TEST(SourceBrokerTest, DeletedWhileABatchWaitedIsAHoleToo) {
  const std::string topic = MakeTopic(1);
  PutRaw(topic, Numbered(0, 10));
  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(WaitFor([&] { return member.Step(false) > 0; }));
  EXPECT_TRUE(member.source->StillOurs());
  PutRaw(topic, Numbered(10, 40));
  PlainAdmin().DeleteRecords(topic, 0, 25);
  member.source->Rewind();  // what was given is kept, whatever became of the log
  ASSERT_TRUE(member.ReadUntil(25));
  EXPECT_EQ(member.read.front().value, "0");
  ASSERT_THAT(member.observer.holes, SizeIs(1));
  EXPECT_EQ(member.observer.holes[0].first, 10);
  EXPECT_EQ(member.observer.holes[0].last, 24);
}

TEST(SourceBrokerTest, ATopicMadeAnewWithLessInItIsAHole) {
  const std::string topic = MakeTopic(1);
  SourceOptions options = Member::Options(topic, FreshName("group"));
  options.connection.properties["topic.metadata.refresh.interval.ms"] = "200";
  PutRaw(topic, Numbered(0, 20));
  Member member(options);
  ASSERT_TRUE(member.ReadUntil(20));
  member.source->StillOurs();
  PlainAdmin().DeleteTopic(topic);
  const TopicSpec spec{.name = topic, .partitions = 1, .replication = 1, .config = {}};
  auto admin = TopicAdmin::Create(Connection());
  ASSERT_TRUE(WaitFor([&] { return (*admin)->Ensure({&spec, 1}, kPatience).ok(); }));
  PutRaw(topic, Numbered(100, 105));
  ASSERT_TRUE(member.ReadUntil(25));
  ASSERT_FALSE(member.observer.holes.empty());
  EXPECT_EQ(member.observer.holes[0].first, 5);
  EXPECT_EQ(member.observer.holes[0].last, 19);
}

TEST(SourceBrokerTest, WrongSettingsAreRefusedByName) {
  Bell bell;
  RecordingObserver observer;
  SourceOptions options = Member::Options("t", "g");
  options.assignment_strategy = "alphabetical";
  auto opened = KafkaSource::Open(options, env::SystemClock(), observer, bell.Ring());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message(), HasSubstr("alphabetical"));
}

}  // namespace
}  // namespace audit::kafka
