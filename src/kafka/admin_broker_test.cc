#include "kafka/broker_reach.h"
#include "kafka/broker_test_support.h"
#include "kafka/group_admin.h"
#include "kafka/plain_client.h"
#include "kafka/write_rights.h"

namespace audit::kafka {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(TopicAdminBrokerTest, TopicsAreMadeAndGrownButNeverShrunkOrChanged) {
  TopicSpec spec{
      .name = FreshName("ensured"), .partitions = 3, .replication = 1, .config = {{"max.message.bytes", "123456"}}};
  auto admin = TopicAdmin::Create(Connection());
  ASSERT_TRUE(admin.ok());
  EXPECT_FALSE((*admin)->Describe(spec.name, kPatience)->exists);
  auto made = (*admin)->Ensure({&spec, 1}, kPatience);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(made->front().change, TopicChange::kCreated);
  EXPECT_EQ((*admin)->Describe(spec.name, kPatience)->partitions, 3);
  spec.partitions = 5;
  auto grown = (*admin)->Ensure({&spec, 1}, kPatience);
  ASSERT_TRUE(grown.ok()) << grown.error().message();
  EXPECT_EQ(grown->front().change, TopicChange::kGrown);
  EXPECT_EQ(grown->front().partitions_before, 3);
  EXPECT_EQ(grown->front().partitions, 5);
  spec.partitions = 2;
  auto kept = (*admin)->Ensure({&spec, 1}, kPatience);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->front().change, TopicChange::kUnchanged);
  EXPECT_EQ(kept->front().partitions, 5);
  EXPECT_EQ((*admin)->Describe(spec.name, kPatience)->replication, 1);
  EXPECT_EQ((*admin)->Brokers(kPatience)->size(), 1U);
}

TEST(TopicAdminBrokerTest, WhatCannotBeMadeSaysWhy) {
  TopicSpec spec{.name = FreshName("too-many-replicas"), .partitions = 1, .replication = 3, .config = {}};
  auto admin = TopicAdmin::Create(Connection());
  auto refused = (*admin)->Ensure({&spec, 1}, kPatience);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr(spec.name));
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  spec.replication = 1;
  spec.config["no.such.setting"] = "1";
  EXPECT_FALSE((*admin)->Ensure({&spec, 1}, kPatience).ok());
}

TEST(TopicAdminBrokerTest, WithoutABrokerItIsUnavailable) {
  ConnectionOptions connection = Connection();
  connection.bootstrap_servers = "127.0.0.1:1";
  auto admin = TopicAdmin::Create(connection);
  EXPECT_EQ((*admin)->Describe("t", milliseconds(200)).error().code(), ErrorCode::kUnavailable);
}

TEST(TopicAdminBrokerTest, TellsTheSettingsThatCountAndWhatIsThere) {
  const std::string topic = MakeTopic(2, {{"compression.type", "gzip"}, {"retention.ms", "123456"}});
  PutRaw(topic, {{"a", "1"}, {"b", "2"}}, {}, 1);
  auto admin = TopicAdmin::Create(Connection());
  ASSERT_TRUE(admin.ok());
  auto settings = (*admin)->SettingsOf(topic, kPatience);
  ASSERT_TRUE(settings.ok()) << settings.error().message();
  EXPECT_THAT(*settings, Contains(Pair("compression.type", "gzip")));
  EXPECT_THAT(*settings, Contains(Pair("retention.ms", "123456")));
  EXPECT_THAT(*settings, Contains(Pair("cleanup.policy", "delete")));  // the brokers' own
  EXPECT_FALSE((*admin)->SettingsOf(FreshName("missing"), kPatience).ok());

  PlainAdmin().DeleteRecords(topic, 1, 1);
  auto contents = (*admin)->ContentsOf(topic, 2, kPatience);
  ASSERT_TRUE(contents.ok()) << contents.error().message();
  EXPECT_EQ(contents->at(0).high, 0);
  EXPECT_EQ(contents->at(1).low, 1);
  EXPECT_EQ(contents->at(1).high, 2);
  EXPECT_TRUE((*admin)->TryRead(topic, kPatience).ok());
  EXPECT_FALSE((*admin)->TryRead(FreshName("missing"), milliseconds(500)).ok());
}

TEST(RightsBrokerTest, WhoMayDoAllIsToldSoAndNothingIsWritten) {
  const std::string topic = MakeTopic(2);
  const auto written = TryWrite(Connection(), topic, kPatience);
  EXPECT_TRUE(written.ok()) << written.error().message();
  const auto begun = TryIdempotence(Connection(), kPatience);
  EXPECT_TRUE(begun.ok()) << begun.error().message();
  const std::string group = FreshName("nobody");
  const auto committed = TryCommit(Connection(), group, topic, kPatience);
  EXPECT_TRUE(committed.ok()) << committed.error().message();
  auto admin = TopicAdmin::Create(Connection());
  const auto contents = (*admin)->ContentsOf(topic, 2, kPatience);
  ASSERT_TRUE(contents.ok()) << contents.error().message();
  for (const Watermarks& each : *contents) EXPECT_EQ(each.high, 0);
  const auto state = DescribeGroup(Connection(), group, topic, 2, kPatience);
  ASSERT_TRUE(state.ok()) << state.error().message();
  EXPECT_THAT(state->committed, testing::Each(std::nullopt));

  TopicSpec spec{.name = FreshName("not-made"), .partitions = 2, .replication = 1, .config = {}};
  const auto made = (*admin)->TryMake(spec, kPatience);
  EXPECT_TRUE(made.ok()) << made.error().message();
  spec.replication = 3;
  EXPECT_FALSE((*admin)->TryMake(spec, kPatience).ok());
  EXPECT_FALSE((*admin)->Describe(spec.name, kPatience)->exists);
}

TEST(RightsBrokerTest, WithoutABrokerNothingIsTold) {
  ConnectionOptions connection = Connection();
  connection.bootstrap_servers = "127.0.0.1:1";
  EXPECT_EQ(TryWrite(connection, "t", milliseconds(300)).error().code(), ErrorCode::kTimeout);
  EXPECT_EQ(TryIdempotence(connection, milliseconds(300)).error().code(), ErrorCode::kTimeout);
  EXPECT_FALSE(TryCommit(connection, "g", "t", milliseconds(300)).ok());
}

TEST(GroupAdminBrokerTest, TellsMembersStrategyAndOffsets) {
  const std::string topic = MakeTopic(2);
  const std::string group = FreshName("group");
  auto unheard = DescribeGroup(Connection(), group, topic, 2, kPatience);
  ASSERT_TRUE(unheard.ok()) << unheard.error().message();
  EXPECT_THAT(unheard->members, IsEmpty());
  EXPECT_EQ(unheard->strategy, "");
  EXPECT_EQ(unheard->committed[0], std::nullopt);

  PutRaw(topic, {{"a", "1"}, {"b", "2"}, {"c", "3"}}, {}, 1);
  {
    const PlainMember member(topic, group, "range");
    ASSERT_TRUE(WaitFor([&] { return member.read() == 3; }));
    auto shared = DescribeGroup(Connection(), group, topic, 2, kPatience);
    ASSERT_TRUE(shared.ok()) << shared.error().message();
    EXPECT_EQ(shared->members.size(), 1U);
    EXPECT_EQ(shared->strategy, "range");
    EXPECT_EQ(shared->committed[0], std::nullopt);
    EXPECT_EQ(shared->committed[1], 3);
  }
  ASSERT_TRUE(WaitFor([&] { return DescribeGroup(Connection(), group, topic, 2, kPatience)->members.empty(); }));
  EXPECT_EQ(DescribeGroup(Connection(), group, topic, 2, kPatience)->committed[1], 3);
}

TEST(BrokerReachTest, SaysWhichBrokerIsAwayAndWhy) {
  EXPECT_TRUE(ReachBroker(Connection(), Connection().bootstrap_servers, kPatience).ok());
  auto away = ReachBroker(Connection(), "127.0.0.1:1", milliseconds(1'000));
  ASSERT_FALSE(away.ok());
  EXPECT_THAT(away.error().message(), HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(away.error().message(), HasSubstr("refused"));
}

}  // namespace
}  // namespace audit::kafka
