#include "kafka/group_admin.h"

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "kafka/admin_call.h"
#include "kafka/client.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAskAgainAfter{100};

using OffsetsQuestion =
    std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t, Destroyer<rd_kafka_ListConsumerGroupOffsets_destroy>>;

using OffsetsChange =
    std::unique_ptr<rd_kafka_AlterConsumerGroupOffsets_t, Destroyer<rd_kafka_AlterConsumerGroupOffsets_destroy>>;

// No topic has so many partitions.
constexpr std::int32_t kNoPartition = std::numeric_limits<std::int32_t>::max();

std::string TextOf(const char* text) { return text == nullptr ? "" : text; }

// A group's coordinator is being found, or made on a cluster that is new: soon there is an answer.
bool Passes(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR || code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
         code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
}

// `ask(timeout, code)` until what it leaves in `code` is nothing that passes.
template <class Ask>
Result<void> AskAgain(milliseconds timeout, Ask ask) {
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
    auto asked = ask(std::chrono::ceil<milliseconds>(deadline - steady_clock::now()), code);
    if (asked || !Passes(code) || steady_clock::now() + kAskAgainAfter >= deadline) return asked;
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

// The partitions of the only group in an answer.
Result<const rd_kafka_topic_partition_list_t*> PartitionsIn(const rd_kafka_group_result_t** groups, std::size_t count,
                                                            const std::string& what, rd_kafka_resp_err_t& code) {
  if (count != 1) return Error(ErrorCode::kUnavailable, what + ": no answer");
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(*groups)) {
    code = rd_kafka_error_code(error);
    return BrokerError(code, what, rd_kafka_error_string(error));
  }
  return rd_kafka_group_result_partitions(*groups);
}

Result<void> AskMembers(rd_kafka_t& client, const std::string& group, milliseconds timeout, GroupState& state,
                        rd_kafka_resp_err_t& code) {
  const std::string what = "look at the group " + group;
  const char* groups[] = {group.c_str()};
  auto event = AdminCall(
      client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout, what,
      [&](auto* options, auto* queue) { rd_kafka_DescribeConsumerGroups(&client, groups, 1, options, queue); }, &code);
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** described =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event->get()), &count);
  if (count != 1) return Error(ErrorCode::kUnavailable, what + ": no answer");
  if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(*described)) {
    code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return {};
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(code, what, rd_kafka_error_string(error));
  }
  state.strategy = TextOf(rd_kafka_ConsumerGroupDescription_partition_assignor(*described));
  for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(*described); ++i) {
    const auto* member = rd_kafka_ConsumerGroupDescription_member(*described, i);
    state.members.push_back({.client_id = TextOf(rd_kafka_MemberDescription_client_id(member)),
                             .host = TextOf(rd_kafka_MemberDescription_host(member))});
  }
  return {};
}

Result<void> AskOffsets(rd_kafka_t& client, const std::string& group, const std::string& topic, milliseconds timeout,
                        GroupState& state, rd_kafka_resp_err_t& code) {
  const std::string what = "ask for the offsets of the group " + group;
  const PartitionsHandle partitions(rd_kafka_topic_partition_list_new(static_cast<int>(state.committed.size())));
  for (std::size_t i = 0; i < state.committed.size(); ++i) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), static_cast<std::int32_t>(i));
  }
  const OffsetsQuestion question(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partitions.get()));
  rd_kafka_ListConsumerGroupOffsets_t* questions[] = {question.get()};
  auto event = AdminCall(
      client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout, what,
      [&](auto* options, auto* queue) { rd_kafka_ListConsumerGroupOffsets(&client, questions, 1, options, queue); },
      &code);
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  const auto offsets = PartitionsIn(groups, count, what, code);
  if (!offsets) return offsets.error();
  for (const rd_kafka_topic_partition_t& each :
       std::span((*offsets)->elems, static_cast<std::size_t>((*offsets)->cnt))) {
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(code = each.err, what);
    if (each.offset >= 0) state.committed.at(static_cast<std::size_t>(each.partition)) = each.offset;
  }
  return {};
}

Result<void> CommitNowhere(rd_kafka_t& client, const std::string& group, const std::string& topic, milliseconds timeout,
                           rd_kafka_resp_err_t& code) {
  const std::string what = "commit to the group " + group;
  const PartitionsHandle partitions(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), kNoPartition)->offset = 0;
  const OffsetsChange change(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), partitions.get()));
  rd_kafka_AlterConsumerGroupOffsets_t* changes[] = {change.get()};
  auto event = AdminCall(
      client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, timeout, what,
      [&](auto* options, auto* queue) { rd_kafka_AlterConsumerGroupOffsets(&client, changes, 1, options, queue); },
      &code);
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event->get()), &count);
  const auto answers = PartitionsIn(groups, count, what, code);
  if (!answers) return answers.error();
  if ((*answers)->cnt != 1) return Error(ErrorCode::kUnavailable, what + ": no answer");
  code = (*answers)->elems->err;
  // A right to the topic that is missing is no matter of the group, whose own is looked at before.
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
      code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return BrokerError(code, what);
}

}  // namespace

Result<GroupState> DescribeGroup(const ConnectionOptions& connection, const std::string& group,
                                 const std::string& topic, int partitions, milliseconds timeout) {
  ClientCallbacks callbacks;
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, {}, callbacks);
  if (!client) return std::move(client).error();
  GroupState state;
  state.committed.resize(static_cast<std::size_t>(partitions));
  auto members = AskAgain(timeout, [&](milliseconds left, rd_kafka_resp_err_t& code) {
    return AskMembers(**client, group, left, state, code);
  });
  if (!members) return std::move(members).error();
  auto offsets = AskAgain(timeout, [&](milliseconds left, rd_kafka_resp_err_t& code) {
    return AskOffsets(**client, group, topic, left, state, code);
  });
  if (!offsets) return std::move(offsets).error();
  return state;
}

Result<void> TryCommit(const ConnectionOptions& connection, const std::string& group, const std::string& topic,
                       milliseconds timeout) {
  ClientCallbacks callbacks;
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, {}, callbacks);
  if (!client) return std::move(client).error();
  return AskAgain(timeout, [&](milliseconds left, rd_kafka_resp_err_t& code) {
    return CommitNowhere(**client, group, topic, left, code);
  });
}

}  // namespace audit::kafka
