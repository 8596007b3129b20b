// How Kafka is, as far as it can be asked without writing, and what the service's user may do there.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "errors/result.h"
#include "kafka/group_admin.h"
#include "kafka/topic_admin.h"

namespace audit::preflight {

struct TopicFacts {
  Result<kafka::TopicState> state;
  // Of a topic that is there.
  std::optional<Result<std::map<std::string, std::string>>> settings;
  std::optional<Result<void>> writable;
  std::optional<Result<void>> readable;  // of the events, where all partitions answer
  // Of one that is missing.
  std::optional<Result<void>> makeable;
};

struct KafkaFacts {
  // A property that librdkafka does not take, or a file that it cannot read: nothing else is known then.
  Result<void> client;
  // Whom rights are granted to: "User:audit".
  std::string principal;
  // By "host:port": those of the configuration, then those that the cluster names.
  std::vector<std::pair<std::string, Result<void>>> brokers;
  // Where a broker answers.
  std::optional<TopicFacts> events;
  std::optional<TopicFacts> dead_letters;
  std::optional<Result<void>> idempotent;  // whether the user may begin to write as the service does
  std::optional<Result<void>> committable;
  // Where the topic of the events is there.
  std::optional<Result<std::vector<kafka::Watermarks>>> contents;
  std::optional<Result<kafka::GroupState>> group;
};

// Each question may take `timeout`; so many of them come one after another.
[[nodiscard]] KafkaFacts AskKafka(const config::Config& config, std::chrono::milliseconds timeout);
inline constexpr int kKafkaQuestions = 16;

}  // namespace audit::preflight
