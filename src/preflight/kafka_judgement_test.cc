#include "preflight/kafka_judgement.h"

#include <functional>

#include "preflight/judgement_test_support.h"

namespace audit::preflight {
namespace {

using config::Config;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TopicFacts GoodTopic() {
  return {
      .state = kafka::TopicState{.exists = true, .partitions = 12, .replication = 3, .in_sync = 3, .without_leader = 0},
      .settings = std::map<std::string, std::string>{{"min.insync.replicas", "2"},
                                                     {"max.message.bytes", "1048588"},
                                                     {"cleanup.policy", "delete"},
                                                     {"retention.ms", "604800000"},
                                                     {"retention.bytes", "-1"},
                                                     {"message.timestamp.before.max.ms", "9223372036854775807"},
                                                     {"compression.type", "gzip"}},
      .writable = Result<void>(),
      .readable = Result<void>(),
      .makeable = {}};
}

// What is judged, and changes to it.
struct Installation {
  Config config;
  Expectations expectations;
  KafkaFacts facts;
  Installation() {
    config.log_backend = config::LogBackend::kKafka;
    facts.brokers = {{"kafka-1:9092", {}}, {"kafka-2:9092", {}}, {"kafka-3:9092", {}}};
    facts.principal = "User:audit";
    facts.idempotent = Result<void>();
    facts.committable = Result<void>();
    facts.events = GoodTopic();
    facts.dead_letters = GoodTopic();
    facts.contents = std::vector<kafka::Watermarks>{{0, 10}, {5, 20}};
    facts.group = kafka::GroupState{.strategy = "roundrobin", .members = {{"c", "h"}}, .committed = {10, 18}};
  }
  std::string& setting(const std::string& name) { return (**facts.events->settings)[name]; }
  kafka::TopicState& state() { return *facts.events->state; }
  kafka::GroupState& group() { return **facts.group; }
  [[nodiscard]] std::vector<Finding> Judge() const { return JudgeKafka(config, expectations, facts); }
};

TEST(KafkaJudgement, AGoodInstallationHasNoComplaints) { EXPECT_THAT(Complaints(Installation().Judge()), IsEmpty()); }

TEST(KafkaJudgement, EachFaultIsOneComplaint) {
  struct Case {
    std::function<void(Installation&)> change;
    std::string says;  // what the complaint begins with
  };
  const Error no(ErrorCode::kUnavailable, "not allowed");
  const std::vector<Case> cases{
      {[&](auto& i) { i.facts.brokers[1].second = no; }, "error broker kafka-2:9092: not allowed"},
      {[&](auto& i) { i.facts.events->state = no; }, "error topic openg2p.audit.events: not allowed"},
      {[](auto& i) { i.state().exists = false; }, "warning topic openg2p.audit.events: is not there"},
      {[](auto& i) {
         i.state().exists = false;
         i.config.kafka.topics.replication_factor = 4;
       },
       "error topic openg2p.audit.events: is not there"},
      {[](auto& i) { i.state().without_leader = 2; }, "error topic openg2p.audit.events: partitions: 12 partitions, 2"},
      {[](auto& i) { i.expectations.replicas = 13; }, "warning topic openg2p.audit.events: partitions: 12 partitions"},
      {[&](auto& i) { *i.facts.events->readable = no; }, "error topic openg2p.audit.events: reading"},
      {[](auto& i) { i.setting("min.insync.replicas") = "4"; }, "error topic openg2p.audit.events: replicas"},
      {[](auto& i) { i.state().in_sync = 1; }, "error topic openg2p.audit.events: replicas"},
      {[](auto& i) {
         i.state().replication = i.state().in_sync = 1;
         i.setting("min.insync.replicas") = "1";
       },
       "warning topic openg2p.audit.events: replicas: 1 replica, 1 in sync"},
      {[](auto& i) { i.setting("min.insync.replicas") = "1"; }, "warning topic openg2p.audit.events: replicas: 3"},
      {[](auto& i) { i.setting("min.insync.replicas") = "3"; }, "warning topic openg2p.audit.events: replicas: 3"},
      {[](auto& i) { i.setting("max.message.bytes") = "900100"; }, "error topic openg2p.audit.events: max.message"},
      {[](auto& i) { (**i.facts.dead_letters->settings)["max.message.bytes"] = "10000"; },
       "warning topic openg2p.audit.dlq: max.message"},
      {[](auto& i) { i.setting("cleanup.policy") = "delete,compact"; }, "error topic openg2p.audit.events: cleanup"},
      {[](auto& i) { i.setting("retention.bytes") = "1000000"; },
       "warning topic openg2p.audit.events: retention.bytes"},
      {[](auto& i) { i.setting("retention.ms") = "3600000"; }, "warning topic openg2p.audit.events: retention.ms: 1 h"},
      {[](auto& i) { i.setting("message.timestamp.before.max.ms") = "3600000"; },
       "warning topic openg2p.audit.events: message.timestamp.before.max.ms"},
      {[](auto& i) { i.setting("compression.type") = "zstd"; },
       "warning topic openg2p.audit.events: compression: zstd, by the topic"},
      {[](auto& i) { i.setting("compression.type") = "producer"; },  // the default of the producer is lz4
       "warning topic openg2p.audit.events: compression: lz4, by kafka.producer"},
      {[](auto& i) { i.group().strategy = "cooperative-sticky"; },
       "error group openg2p-audit-consumer: members: 1 members that share by cooperative-sticky: c; ours is "
       "roundrobin"},
      {[](auto& i) {
         i.group().members.clear();
         i.config.kafka.consumer.assignment_strategy = "cooperative-sticky";
       },
       "warning group openg2p-audit-consumer: members: no members; ours is cooperative-sticky"},
      {[](auto& i) { i.group().committed[1] = 3; },
       "error group openg2p-audit-consumer: offsets: events were deleted before they were stored, partition 1: 3 to 4"},
      {[](auto& i) { i.group().committed[1] = 21; },
       "error group openg2p-audit-consumer: offsets: committed behind the topic's end"},
      {[](auto& i) {
         i.group().committed[1].reset();
         i.config.kafka.consumer.auto_offset_reset = "latest";
       },
       "warning group openg2p-audit-consumer: offsets: 15 events"},
      {[&](auto& i) { i.facts.group = no; }, "error group openg2p-audit-consumer: not allowed"},
      {[&](auto& i) { i.facts.client = no; }, "error client: not allowed"},
  };
  for (const Case& each : cases) {
    Installation installation;
    each.change(installation);
    EXPECT_THAT(Complaints(installation.Judge()), ElementsAre(StartsWith(each.says))) << each.says;
  }
}

// As librdkafka and the brokers say it.
Error Refused(const std::string& what) {
  return {ErrorCode::kUnavailable, "ask: Broker: " + what + " authorization failed; its user has no right to do that"};
}

TEST(KafkaJudgement, AMissingRightIsNamedWithTheCommandThatGrantsIt) {
  const Error topic = Refused("Topic");
  struct Case {
    std::function<void(Installation&)> change;
    std::string check;
    std::string found;
    std::string grants;
  };
  const std::vector<Case> cases{
      {[&](auto& i) { i.facts.events->state = topic; }, "topic openg2p.audit.events", "Describe",
       "--operation Read --operation Write --topic openg2p.audit.events"},
      {[&](auto& i) { *i.facts.events->readable = topic; }, "topic openg2p.audit.events: reading", "Read",
       "--operation Read --topic openg2p.audit.events"},
      {[&](auto& i) { *i.facts.dead_letters->writable = topic; }, "topic openg2p.audit.dlq: writing", "Write",
       "--operation Write --topic openg2p.audit.dlq"},
      {[&](auto& i) { *i.facts.committable = Refused("Group"); }, "group openg2p-audit-consumer: committing", "Read",
       "--operation Read --group openg2p-audit-consumer"},
      // As brokers older than 3.0 do, whatever may be done to topics.
      {[&](auto& i) { *i.facts.idempotent = Refused("Cluster"); }, "idempotent writing", "Cluster",
       "--operation IdempotentWrite --cluster"}};
  for (const Case& each : cases) {
    Installation installation;
    installation.config.kafka.bootstrap_servers = "kafka-1:9093,kafka-2:9093";
    installation.facts.principal = "User:CN=audit manager";
    each.change(installation);
    const std::vector<Finding> findings = installation.Judge();
    EXPECT_EQ(std::ranges::count(findings, Verdict::kError, &Finding::verdict), 1) << each.check;
    const auto error = std::ranges::find(findings, Verdict::kError, &Finding::verdict);
    ASSERT_NE(error, findings.end());
    EXPECT_EQ(error->check, each.check);
    EXPECT_THAT(error->found, HasSubstr(each.found));
    EXPECT_THAT(error->found, Not(HasSubstr("its user has no right")));
    EXPECT_EQ(
        error->remedy,
        "kafka-acls.sh --bootstrap-server kafka-1:9093 --add --allow-principal 'User:CN=audit manager' " + each.grants);
  }
}

TEST(KafkaJudgement, ATopicThatMayNotBeMadeAsConfiguredIsAnError) {
  Installation installation;
  installation.state().exists = false;
  installation.facts.events->makeable = Error(ErrorCode::kInvalidArgument, "make topic t: no more than 6 partitions");
  const std::vector<std::string> complaints = Complaints(installation.Judge());
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_THAT(complaints[0], StartsWith("error topic openg2p.audit.events: is not there"));
  EXPECT_THAT(complaints[0], HasSubstr("which they refuse: make topic t: no more than 6 partitions"));
}

TEST(KafkaJudgement, WhatThePythonServiceCannotDoIsNoMatterOnceItIsGone) {
  Installation installation;
  installation.setting("compression.type") = "zstd";
  installation.group().strategy = installation.config.kafka.consumer.assignment_strategy = "cooperative-sticky";
  EXPECT_EQ(Complaints(installation.Judge()).size(), 2U);
  installation.expectations.python_may_return = false;
  EXPECT_THAT(Complaints(installation.Judge()), IsEmpty());
}

TEST(KafkaJudgement, WithoutABrokerTheRestIsSkipped) {
  Installation installation;
  installation.facts =
      KafkaFacts{.client = {},
                 .principal = {},
                 .brokers = {{"k:1", Error(ErrorCode::kUnavailable, "Authentication failed: Invalid username")}},
                 .events = {},
                 .dead_letters = {},
                 .idempotent = {},
                 .committable = {},
                 .contents = {},
                 .group = {}};
  const std::vector<Finding> findings = installation.Judge();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].verdict, Verdict::kError);
  EXPECT_THAT(findings[0].remedy, HasSubstr("kafka.security.username"));
  EXPECT_EQ(findings[1].verdict, Verdict::kSkipped);
}

TEST(KafkaJudgement, WhatTheRoleMayNotLookAtIsSaid) {
  Installation installation;
  installation.facts.events->settings = Error(ErrorCode::kUnavailable, "not allowed");
  installation.facts.contents = Error(ErrorCode::kUnavailable, "not allowed");
  const std::vector<Finding> findings = installation.Judge();
  EXPECT_THAT(Complaints(findings), IsEmpty());
  EXPECT_EQ(std::ranges::count(findings, Verdict::kSkipped, &Finding::verdict), 3);  // those two, and the clock
}

TEST(KafkaJudgement, WhatWaitsToBeStoredIsCounted) {
  Installation installation;
  installation.group().committed = {{4}, {}};
  const std::vector<Finding> findings = installation.Judge();
  const auto offsets = std::ranges::find(findings, "group openg2p-audit-consumer: offsets", &Finding::check);
  ASSERT_NE(offsets, findings.end());
  EXPECT_EQ(offsets->found, "21 events wait to be stored");
}

}  // namespace
}  // namespace audit::preflight
