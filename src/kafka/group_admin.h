// How a consumer group is, seen from outside it (preflight). Joins nothing and commits nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "errors/result.h"
#include "kafka/connection_options.h"

namespace audit::kafka {

struct GroupMember {
  std::string client_id;
  std::string host;
};

struct GroupState {
  // By which the members share the partitions; empty where the group has none, or is just deciding.
  std::string strategy;
  std::vector<GroupMember> members;
  // Of each partition, by number; nothing where the group has committed none.
  std::vector<std::optional<std::int64_t>> committed;
};

// A group that nobody has heard of has no members and no offsets.
Result<GroupState> DescribeGroup(const ConnectionOptions& connection, const std::string& group,
                                 const std::string& topic, int partitions, std::chrono::milliseconds timeout);

// Whether offsets of `topic` may be committed for the group, and so whether it may be joined: commits one of a
// partition that is not there, which the brokers refuse after they have looked at the rights.
Result<void> TryCommit(const ConnectionOptions& connection, const std::string& group, const std::string& topic,
                       std::chrono::milliseconds timeout);

}  // namespace audit::kafka
