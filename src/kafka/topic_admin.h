// Makes the topics that are missing and tells how they are (`audit-manager topics ensure`, preflight).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "errors/result.h"
#include "kafka/connection_options.h"
#include "kafka/holes.h"

namespace audit::kafka {

struct TopicSpec {
  std::string name;
  int partitions = 12;
  int replication = -1;                       // -1: the brokers' default; only for a topic that is made
  std::map<std::string, std::string> config;  // only for a topic that is made: retention.ms, ...
};

enum class TopicChange : std::uint8_t { kUnchanged, kCreated, kGrown };

struct TopicOutcome {
  std::string name;
  TopicChange change = TopicChange::kUnchanged;
  int partitions_before = 0;
  int partitions = 0;
};

struct TopicState {
  bool exists = false;
  int partitions = 0;
  int replication = 0;     // of the partition that has the fewest replicas
  int in_sync = 0;         // of the partition that has the fewest in sync
  int without_leader = 0;  // partitions that nobody can write to now
};

// One thread at a time.
class TopicAdmin {
 public:
  // Does not wait for a broker. kInvalidArgument: a property or value is wrong.
  static Result<std::unique_ptr<TopicAdmin>> Create(const ConnectionOptions& connection);
  ~TopicAdmin();

  // Each topic is there afterwards with at least so many partitions, all with a leader. Never takes
  // partitions away, never changes a setting of a topic that exists. Several processes may do it at
  // once. One that fails keeps no other from being made. kUnavailable: no broker, or no permission, which the
  // message then says; kTimeout.
  Result<std::vector<TopicOutcome>> Ensure(std::span<const TopicSpec> topics, std::chrono::milliseconds timeout);
  Result<TopicState> Describe(const std::string& topic, std::chrono::milliseconds timeout);
  // Whether the brokers would let a topic that is missing be made like this, without making it.
  Result<void> TryMake(const TopicSpec& topic, std::chrono::milliseconds timeout);
  // The brokers, "host:port" as they themselves want to be reached.
  Result<std::vector<std::string>> Brokers(std::chrono::milliseconds timeout);
  // What counts for a topic that is there: its own settings and the brokers' for all the others, by name.
  Result<std::map<std::string, std::string>> SettingsOf(const std::string& topic, std::chrono::milliseconds timeout);
  // What each of its partitions holds, by number.
  Result<std::vector<Watermarks>> ContentsOf(const std::string& topic, int partitions,
                                             std::chrono::milliseconds timeout);
  // Whether its messages may be read: asks for those behind its end, and joins no group.
  Result<void> TryRead(const std::string& topic, std::chrono::milliseconds timeout);

 private:
  struct State;
  explicit TopicAdmin(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::kafka
