#include "preflight/kafka_facts.h"

#include <algorithm>
#include <future>

#include "instance/backend_options.h"
#include "kafka/broker_reach.h"
#include "kafka/principal.h"
#include "kafka/write_rights.h"

namespace audit::preflight {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> AddressesIn(const std::string& list) {
  std::vector<std::string> addresses;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    std::string address = list.substr(begin, end - begin);
    std::erase(address, ' ');
    if (!address.empty()) addresses.push_back(std::move(address));
    begin = end + 1;
  }
  return addresses;
}

// All at once.
void Reach(const kafka::ConnectionOptions& connection, const std::vector<std::string>& addresses, milliseconds timeout,
           KafkaFacts& facts) {
  std::vector<std::pair<std::string, std::future<Result<void>>>> asked;
  for (const std::string& address : addresses) {
    const bool known = std::ranges::any_of(facts.brokers, [&](const auto& broker) { return broker.first == address; });
    if (known) continue;
    asked.emplace_back(
        address, std::async(std::launch::async, [=] { return kafka::ReachBroker(connection, address, timeout); }));
  }
  for (auto& [address, answer] : asked) facts.brokers.emplace_back(address, answer.get());
}

TopicFacts AskTopic(kafka::TopicAdmin& admin, const kafka::ConnectionOptions& connection, const kafka::TopicSpec& topic,
                    milliseconds timeout) {
  TopicFacts facts{
      .state = admin.Describe(topic.name, timeout), .settings = {}, .writable = {}, .readable = {}, .makeable = {}};
  if (!facts.state) return facts;
  if (!facts.state->exists) {
    facts.makeable = admin.TryMake(topic, timeout);
    return facts;
  }
  facts.settings = admin.SettingsOf(topic.name, timeout);
  // While no partition has a leader there is nobody to ask.
  if (facts.state->without_leader < facts.state->partitions) {
    facts.writable = kafka::TryWrite(connection, topic.name, timeout);
  }
  return facts;
}

}  // namespace

KafkaFacts AskKafka(const config::Config& config, milliseconds timeout) {
  KafkaFacts facts;
  const kafka::ConnectionOptions connection = instance::KafkaConnectionOf(config, {});
  facts.principal = kafka::PrincipalOf(connection);
  auto created = kafka::TopicAdmin::Create(connection);
  if (!created) {
    facts.client = std::move(created).error();
    return facts;
  }
  kafka::TopicAdmin& admin = **created;
  Reach(connection, AddressesIn(config.kafka.bootstrap_servers), timeout, facts);
  const bool reached = std::ranges::any_of(facts.brokers, [](const auto& broker) { return broker.second.ok(); });
  if (!reached) return facts;
  if (auto brokers = admin.Brokers(timeout)) Reach(connection, *brokers, timeout, facts);

  const std::vector<kafka::TopicSpec> topics = instance::TopicsOf(config);
  facts.events = AskTopic(admin, connection, topics.front(), timeout);
  facts.dead_letters = AskTopic(admin, connection, topics.back(), timeout);
  facts.idempotent = kafka::TryIdempotence(connection, timeout);
  facts.committable = kafka::TryCommit(connection, config.kafka.consumer_group, config.kafka.topic, timeout);
  if (!facts.events->state || !facts.events->state->exists) return facts;
  const int partitions = facts.events->state->partitions;
  facts.contents = admin.ContentsOf(config.kafka.topic, partitions, timeout);
  // What a leader that is away leaves unanswered says nothing about the right to read.
  if (*facts.contents) facts.events->readable = admin.TryRead(config.kafka.topic, timeout);
  facts.group = kafka::DescribeGroup(connection, config.kafka.consumer_group, config.kafka.topic, partitions, timeout);
  return facts;
}

}  // namespace audit::preflight
