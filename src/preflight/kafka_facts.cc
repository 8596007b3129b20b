#include "preflight/kafka_facts.h"

#include <algorithm>
#include <future>

#include "instance/backend_options.h"
#include "kafka/broker_reach.h"

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

TopicFacts AskTopic(kafka::TopicAdmin& admin, const std::string& topic, milliseconds timeout) {
  TopicFacts facts{.state = admin.Describe(topic, timeout), .settings = {}, .readable = {}};
  if (!facts.state || !facts.state->exists) return facts;
  facts.settings = admin.SettingsOf(topic, timeout);
  return facts;
}

}  // namespace

KafkaFacts AskKafka(const config::Config& config, milliseconds timeout) {
  KafkaFacts facts;
  const kafka::ConnectionOptions connection = instance::KafkaConnectionOf(config, {});
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

  facts.events = AskTopic(admin, config.kafka.topic, timeout);
  facts.dead_letters = AskTopic(admin, config.kafka.dlq_topic, timeout);
  if (!facts.events->state || !facts.events->state->exists) return facts;
  const int partitions = facts.events->state->partitions;
  facts.contents = admin.ContentsOf(config.kafka.topic, partitions, timeout);
  // What a leader that is away leaves unanswered says nothing about the right to read.
  if (*facts.contents) facts.events->readable = admin.TryRead(config.kafka.topic, timeout);
  facts.group = kafka::DescribeGroup(connection, config.kafka.consumer_group, config.kafka.topic, partitions, timeout);
  return facts;
}

}  // namespace audit::preflight
