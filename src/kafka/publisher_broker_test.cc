#include "kafka/broker_test_support.h"
#include "kafka/plain_client.h"

namespace audit::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Publishing {
  explicit Publishing(PublisherOptions options) {
    auto created = KafkaPublisher::Create(std::move(options), bell.Ring());
    EXPECT_TRUE(created.ok()) << created.error().message();
    publisher = std::move(*created);
  }
  ReportRecorder All(const std::vector<TestEvent>& events) { return PublishAll(*publisher, bell, events); }

  Bell bell;
  std::unique_ptr<KafkaPublisher> publisher;
};

// Incompressible, so that the broker sees the size that the test means.
std::string Noise(std::size_t size, unsigned seed) {
  std::string noise(size, '\0');
  unsigned state = seed * 2'654'435'761U + 1;
  for (char& byte : noise) {
    state = state * 1'664'525U + 1'013'904'223U;
    byte = static_cast<char>('!' + (state >> 24) % 90);
  }
  return noise;
}

TEST(PublisherBrokerTest, EventsArriveWithKeyOrderHeaderAndTimeOfIngest) {
  const std::string topic = MakeTopic(3);
  Publishing publishing(PublisherTo(topic));
  std::vector<TestEvent> events;
  for (int i = 0; i < 5'000; ++i) events.push_back({"key-" + std::to_string(i % 7), std::to_string(i)});
  const ReportRecorder reports = publishing.All(events);
  EXPECT_THAT(reports.delivered, SizeIs(5'000));

  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(5'000));
  ASSERT_THAT(member.read, SizeIs(5'000));
  std::map<std::string, int> last;
  std::map<std::string, std::int32_t> partition_of;
  for (const Read& read : member.read) {
    const int number = std::stoi(read.value);
    EXPECT_EQ(read.key, "key-" + std::to_string(number % 7));
    EXPECT_LT(last.try_emplace(*read.key, -1).first->second, number);
    last[*read.key] = number;
    EXPECT_EQ(partition_of.try_emplace(*read.key, read.partition).first->second, read.partition);
    EXPECT_EQ(read.ingested_at, 1'700'000'000'123'000 + std::int64_t{number} * 1'000);
    EXPECT_THAT(read.headers, ElementsAre(std::pair("content-type", "application/cloudevents+json; charset=UTF-8")));
  }
  EXPECT_GT(publishing.bell.rung(), 0);
}

TEST(PublisherBrokerTest, KeysLieWhereTheJavaClientPutsThem) {
  // Utils.toPositive(Utils.murmur2(key)) % 12 of the Java client.
  const std::string topic = MakeTopic(12);
  Publishing publishing(PublisherTo(topic));
  const std::vector<std::pair<std::string, std::int32_t>> expected{
      {"user-1", 8},     {"user-2", 8},
      {"alice", 9},      {"bob", 6},
      {"order/4711", 8}, {"Z\u00fcrich", 1},
      {"1", 3},          {"openg2p", 6},
      {"x", 10},         {"a-much-longer-key-than-the-others-0123456789", 6}};
  std::vector<TestEvent> events;
  for (const auto& [key, partition] : expected) events.push_back({key, key});
  ASSERT_THAT(publishing.All(events).delivered, SizeIs(expected.size()));
  Member member(Member::Options(topic, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(expected.size()));
  std::map<std::string, std::int32_t> found;
  for (const Read& read : member.read) found[*read.key] = read.partition;
  for (const auto& [key, partition] : expected) EXPECT_EQ(found[key], partition) << key;
}

TEST(PublisherBrokerTest, AnEventThatIsTooLargeIsRefusedAndTheSmallOnesAroundItArriveInOrder) {
  const std::string topic = MakeTopic(2, {{"max.message.bytes", "100000"}});
  Publishing publishing(PublisherTo(topic));
  std::vector<TestEvent> events;
  std::set<std::uint64_t> large;
  for (unsigned i = 0; i < 3'000; ++i) {
    const bool is_large = i == 500 || i == 501 || i == 1'700;
    if (is_large) large.insert(i);
    // Together they make batches beyond the limit: these are refused too, and are nobody's fault.
    events.push_back({"key-" + std::to_string(i % 5), std::to_string(i) + " " + Noise(is_large ? 500'000 : 700, i)});
  }
  const ReportRecorder reports = publishing.All(events);
  EXPECT_THAT(reports.failed, IsEmpty());
  EXPECT_THAT(reports.refused, SizeIs(3));
  for (const auto& [position, reason] : reports.refused) {
    EXPECT_TRUE(large.contains(position)) << position;
    EXPECT_THAT(reason, HasSubstr("too large"));
  }
  EXPECT_THAT(reports.delivered, SizeIs(2'997));

  Member member(Member::Options(topic, FreshName("group")));
  std::map<std::string, int> last;
  std::set<int> numbers;
  std::size_t seen = 0;
  EXPECT_TRUE(WaitFor([&] {
    member.Step();
    for (; seen < member.read.size(); ++seen) {
      const Read& read = member.read[seen];
      const int number = std::stoi(read.value);
      // What was in doubt may be there twice; the first time counts.
      if (!numbers.insert(number).second) continue;
      EXPECT_LT(last.try_emplace(*read.key, -1).first->second, number);
      last[*read.key] = number;
    }
    return numbers.size() >= 2'997;
  }));
  EXPECT_THAT(numbers, SizeIs(2'997));
}

TEST(PublisherBrokerTest, WhatTheClientItselfFindsTooLargeIsRefused) {
  const std::string topic = MakeTopic(1);
  PublisherOptions options = PublisherTo(topic);
  options.connection.properties["message.max.bytes"] = "2000";
  Publishing publishing(std::move(options));
  const ReportRecorder reports = publishing.All({{"k", "small"}, {"k", Noise(5'000, 1)}, {"k", "small too"}});
  EXPECT_THAT(reports.delivered, ElementsAre(0, 2));
  EXPECT_THAT(reports.refused, ElementsAre(testing::Pair(1, HasSubstr("too large"))));
}

TEST(PublisherBrokerTest, WithoutTheTopicEventsFailAndGoThroughOnceItIsThere) {
  PublisherOptions options = PublisherTo(FreshName("made-later"));
  options.connection.properties["topic.metadata.propagation.max.ms"] = "200";
  const TopicSpec spec{.name = options.topic, .partitions = 2, .replication = 1, .config = {}};
  Publishing publishing(std::move(options));
  const ReportRecorder reports = publishing.All({{"a", "1"}, {"b", "2"}});
  EXPECT_THAT(reports.delivered, IsEmpty());
  ASSERT_THAT(reports.failed, SizeIs(2));
  EXPECT_THAT(reports.failed.begin()->second, HasSubstr("topics ensure"));

  auto admin = TopicAdmin::Create(Connection());
  ASSERT_TRUE((*admin)->Ensure({&spec, 1}, kPatience).ok());
  EXPECT_THAT(publishing.All({{"a", "1"}, {"b", "2"}}).delivered, SizeIs(2));
}

TEST(PublisherBrokerTest, ATopicDeletedMeanwhileFailsWhatIsOutstandingAndNothingIsSkippedAfterwards) {
  PublisherOptions options = PublisherTo(MakeTopic(1));
  options.connection.properties["topic.metadata.propagation.max.ms"] = "200";
  options.connection.properties["topic.metadata.refresh.interval.ms"] = "200";
  const TopicSpec spec{.name = options.topic, .partitions = 1, .replication = 1, .config = {}};
  Publishing publishing(std::move(options));
  ASSERT_THAT(publishing.All({{"k", "before"}}).delivered, SizeIs(1));

  PlainAdmin().DeleteTopic(spec.name);
  // As a forwarder: from the first that was not delivered, again and again.
  auto admin = TopicAdmin::Create(Connection());
  const int count = 200;
  int delivered = 0;
  bool failed = false;
  ASSERT_TRUE(WaitFor([&] {
    std::vector<TestEvent> rest;
    for (int i = delivered; i < count; ++i) rest.push_back({"k", std::to_string(i)});
    const ReportRecorder reports = publishing.All(rest);
    int prefix = 0;
    while (reports.delivered.contains(static_cast<std::uint64_t>(prefix))) ++prefix;
    // One key, so nothing behind a failed one may be there.
    EXPECT_THAT(reports.delivered, SizeIs(prefix));
    delivered += prefix;
    if (!reports.failed.empty() && !std::exchange(failed, true)) {
      EXPECT_TRUE((*admin)->Ensure({&spec, 1}, kPatience).ok());
    }
    return delivered == count;
  }));
  EXPECT_TRUE(failed);
  Member member(Member::Options(spec.name, FreshName("group")));
  ASSERT_TRUE(member.ReadUntil(count));
  int next = 0;
  for (const Read& read : member.read) {
    const int number = std::stoi(read.value);
    EXPECT_LE(number, next);
    next = std::max(next, number + 1);
  }
  EXPECT_EQ(next, count);
}

TEST(PublisherBrokerTest, AnOutstandingEventIsForgottenByAbandon) {
  PublisherOptions options = PublisherTo(MakeTopic(1));
  options.linger = milliseconds(60'000);
  Publishing publishing(std::move(options));
  ASSERT_TRUE(*publishing.publisher->Publish({.position = 7, .key = "k", .value = "never sent", .ingested_at = {}}));
  publishing.publisher->Abandon();
  ReportRecorder recorder;
  publishing.publisher->Poll(recorder);
  EXPECT_EQ(recorder.count(), 0U);
  EXPECT_TRUE(publishing.publisher->Close(recorder, milliseconds(0)));
}

TEST(PublisherBrokerTest, CloseWaitsForWhatIsUnderWay) {
  const std::string topic = MakeTopic(1);
  PublisherOptions options = PublisherTo(topic);
  options.linger = milliseconds(300);
  Publishing publishing(std::move(options));
  ASSERT_TRUE(*publishing.publisher->Publish({.position = 7, .key = "k", .value = "v", .ingested_at = {}}));
  ReportRecorder recorder;
  EXPECT_TRUE(publishing.publisher->Close(recorder, kPatience));
  EXPECT_THAT(recorder.delivered, ElementsAre(7));
}

TEST(PublisherBrokerTest, BeyondItsBoundsItTakesNothing) {
  PublisherOptions options = PublisherTo(MakeTopic(1));
  options.linger = milliseconds(60'000);
  options.max_outstanding_events = 2;
  Publishing publishing(std::move(options));
  EXPECT_TRUE(*publishing.publisher->Publish({.position = 1, .key = "k", .value = "v", .ingested_at = {}}));
  EXPECT_TRUE(*publishing.publisher->Publish({.position = 2, .key = "k", .value = "v", .ingested_at = {}}));
  EXPECT_FALSE(*publishing.publisher->Publish({.position = 3, .key = "k", .value = "v", .ingested_at = {}}));
}

TEST(PublisherBrokerTest, EndsAtOnceWhenThereIsNoBroker) {
  PublisherOptions options = PublisherTo("anywhere");
  options.connection.bootstrap_servers = "127.0.0.1:1";
  const auto before = steady_clock::now();
  {
    Publishing publishing(std::move(options));
    ASSERT_TRUE(*publishing.publisher->Publish({.position = 1, .key = "k", .value = "v", .ingested_at = {}}));
    ReportRecorder recorder;
    EXPECT_FALSE(publishing.publisher->Close(recorder, milliseconds(100)));
  }
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - before);
  EXPECT_LT(took, seconds(10));
  std::printf("closed without a broker in %lld ms\n", static_cast<long long>(took.count()));
}

}  // namespace
}  // namespace audit::kafka
