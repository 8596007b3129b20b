#include "kafka/topic_admin.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>

#include "kafka/admin_call.h"
#include "kafka/client.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLookAgainAfter{50};

using NewTopicHandle = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using ResourceHandle = std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>;
using NewPartitionsHandle = std::unique_ptr<rd_kafka_NewPartitions_t, Destroyer<rd_kafka_NewPartitions_destroy>>;

// Of the one topic that a call was about.
Result<void> TopicResult(const rd_kafka_topic_result_t** results, std::size_t count, std::string_view what,
                         const Right& right) {
  if (count == 0) return {};
  const auto code = rd_kafka_topic_result_error(*results);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const char* text = rd_kafka_topic_result_error_string(*results);
  return BrokerError(code, what, text == nullptr ? std::string_view() : text, right);
}

}  // namespace

struct TopicAdmin::State : ClientCallbacks {
  [[nodiscard]] milliseconds Left() const {
    return std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
  }
  Result<MetadataHandle> Ask(rd_kafka_topic_t* topic, milliseconds timeout);
  Result<TopicState> Describe(const std::string& topic, milliseconds timeout);
  Result<void> Make(const TopicSpec& spec, bool only_ask = false);
  Result<void> Grow(const TopicSpec& spec);
  Result<TopicOutcome> Ensure(const TopicSpec& spec);

  steady_clock::time_point deadline;
  ClientHandle client;
};

Result<MetadataHandle> TopicAdmin::State::Ask(rd_kafka_topic_t* topic, milliseconds timeout) {
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code = rd_kafka_metadata(client.get(), 0, topic, &metadata, static_cast<int>(timeout.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return MetadataHandle(metadata);
  // No broker could be reached at all, or none answered: the same to whoever waits.
  return Error(ErrorCode::kUnavailable, std::string("ask the brokers: ") + rd_kafka_err2str(code));
}

Result<TopicState> TopicAdmin::State::Describe(const std::string& topic, milliseconds timeout) {
  const TopicHandle handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  if (handle == nullptr) return BrokerError(rd_kafka_last_error(), "topic " + topic);
  auto metadata = Ask(handle.get(), timeout);
  if (!metadata) return std::move(metadata).error();
  TopicState state;
  if ((*metadata)->topic_cnt != 1) return state;
  const struct rd_kafka_metadata_topic& found = (*metadata)->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return state;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return BrokerError(found.err, "look at topic " + topic, {}, {"Describe", topic});
  }
  state.exists = true;
  state.partitions = found.partition_cnt;
  const std::span partitions(found.partitions, static_cast<std::size_t>(found.partition_cnt));
  for (const struct rd_kafka_metadata_partition& each : partitions) {
    const bool first = &each == partitions.data();
    state.replication = first ? each.replica_cnt : std::min(state.replication, each.replica_cnt);
    state.in_sync = first ? each.isr_cnt : std::min(state.in_sync, each.isr_cnt);
    if (each.leader < 0) ++state.without_leader;
  }
  return state;
}

Result<void> TopicAdmin::State::Make(const TopicSpec& spec, bool only_ask) {
  const std::string what = "make topic " + spec.name;
  std::array<char, 512> text{};
  const NewTopicHandle topic(
      rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication, text.data(), text.size()));
  if (topic == nullptr) return Error(ErrorCode::kInvalidArgument, what + ": " + text.data());
  for (const auto& [name, value] : spec.config) {
    rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
  }
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  auto event = AdminCall(*client, RD_KAFKA_ADMIN_OP_CREATETOPICS, Left(), what, [&](auto* options, auto* queue) {
    rd_kafka_AdminOptions_set_validate_only(options, only_ask ? 1 : 0, nullptr, 0);
    rd_kafka_CreateTopics(client.get(), topics, 1, options, queue);
  });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event->get());
  const auto** results = rd_kafka_CreateTopics_result_topics(result, &count);
  // Another process was quicker.
  if (count == 1 && rd_kafka_topic_result_error(*results) == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return {};
  return TopicResult(results, count, what, {"Create", spec.name});
}

Result<void> TopicAdmin::State::Grow(const TopicSpec& spec) {
  const std::string what = "grow topic " + spec.name + " to " + std::to_string(spec.partitions) + " partitions";
  std::array<char, 512> text{};
  const NewPartitionsHandle partitions(rd_kafka_NewPartitions_new(
      spec.name.c_str(), static_cast<std::size_t>(spec.partitions), text.data(), text.size()));
  if (partitions == nullptr) return Error(ErrorCode::kInvalidArgument, what + ": " + text.data());
  rd_kafka_NewPartitions_t* all[] = {partitions.get()};
  auto event = AdminCall(*client, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, Left(), what, [&](auto* options, auto* queue) {
    rd_kafka_CreatePartitions(client.get(), all, 1, options, queue);
  });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreatePartitions_result(event->get());
  const auto** results = rd_kafka_CreatePartitions_result_topics(result, &count);
  return TopicResult(results, count, what, {"Alter", spec.name});
}

Result<TopicOutcome> TopicAdmin::State::Ensure(const TopicSpec& spec) {
  TopicOutcome outcome{.name = spec.name, .change = TopicChange::kUnchanged, .partitions_before = 0, .partitions = 0};
  bool first = true;
  while (true) {
    auto state = Describe(spec.name, Left());
    if (!state) return std::move(state).error();
    if (std::exchange(first, false)) {
      outcome.partitions_before = state->partitions;
      if (!state->exists) {
        outcome.change = TopicChange::kCreated;
        if (auto made = Make(spec); !made) return std::move(made).error();
      } else if (state->partitions < spec.partitions) {
        outcome.change = TopicChange::kGrown;
        auto grown = Grow(spec);
        // Another process may have been quicker: the partitions are what counts.
        if (!grown && grown.error().code() != ErrorCode::kInvalidArgument) return std::move(grown).error();
        if (!grown) {
          auto now = Describe(spec.name, Left());
          if (!now || now->partitions < spec.partitions) return std::move(grown).error();
        }
      }
    }
    // What was made becomes known to all brokers after a moment.
    if (state->exists && state->partitions >= spec.partitions && state->without_leader == 0) {
      outcome.partitions = state->partitions;
      return outcome;
    }
    if (steady_clock::now() >= deadline) {
      return Error(ErrorCode::kTimeout, "topic " + spec.name + ": not all of its partitions have a leader yet");
    }
    std::this_thread::sleep_for(kLookAgainAfter);
  }
}

Result<std::unique_ptr<TopicAdmin>> TopicAdmin::Create(const ConnectionOptions& connection) {
  auto state = std::make_unique<State>();
  // A consumer, because a producer's question for a topic makes the brokers create it where they may.
  const std::array settings{Setting{"allow.auto.create.topics", "false"}, Setting{"enable.partition.eof", "true"}};
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, settings, *state);
  if (!client) return std::move(client).error();
  state->client = std::move(*client);
  return std::unique_ptr<TopicAdmin>(new TopicAdmin(std::move(state)));
}

TopicAdmin::TopicAdmin(std::unique_ptr<State> state) : state_(std::move(state)) {}

TopicAdmin::~TopicAdmin() = default;

Result<std::vector<TopicOutcome>> TopicAdmin::Ensure(std::span<const TopicSpec> topics, milliseconds timeout) {
  state_->deadline = steady_clock::now() + timeout;
  std::vector<TopicOutcome> outcomes;
  std::optional<Error> failed;
  for (const TopicSpec& spec : topics) {
    auto outcome = state_->Ensure(spec);
    if (outcome) {
      outcomes.push_back(std::move(*outcome));
    } else if (!failed) {
      failed = std::move(outcome).error();
    } else if (outcome.error().message() != failed->message()) {
      failed.emplace(failed->code(), failed->message() + ". Also: " + outcome.error().message());
    }
  }
  if (failed) return *std::move(failed);
  return outcomes;
}

Result<TopicState> TopicAdmin::Describe(const std::string& topic, milliseconds timeout) {
  return state_->Describe(topic, timeout);
}

Result<void> TopicAdmin::TryMake(const TopicSpec& topic, milliseconds timeout) {
  state_->deadline = steady_clock::now() + timeout;
  return state_->Make(topic, true);
}

Result<std::vector<std::string>> TopicAdmin::Brokers(milliseconds timeout) {
  auto metadata = state_->Ask(nullptr, timeout);
  if (!metadata) return std::move(metadata).error();
  std::vector<std::string> brokers;
  for (const rd_kafka_metadata_broker& each :
       std::span((*metadata)->brokers, static_cast<std::size_t>((*metadata)->broker_cnt))) {
    brokers.push_back(std::string(each.host) + ':' + std::to_string(each.port));
  }
  return brokers;
}

Result<std::map<std::string, std::string>> TopicAdmin::SettingsOf(const std::string& topic, milliseconds timeout) {
  const std::string what = "look at the settings of topic " + topic;
  const ResourceHandle resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  auto event =
      AdminCall(*state_->client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, what, [&](auto* options, auto* queue) {
        rd_kafka_DescribeConfigs(state_->client.get(), resources, 1, options, queue);
      });
  if (!event) return std::move(event).error();
  std::size_t count = 0;
  const auto** described =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return Error(ErrorCode::kUnavailable, what + ": no answer");
  if (const auto code = rd_kafka_ConfigResource_error(*described); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return BrokerError(code, what);
  }
  std::map<std::string, std::string> settings;
  const auto** entries = rd_kafka_ConfigResource_configs(*described, &count);
  for (const rd_kafka_ConfigEntry_t* entry : std::span(entries, count)) {
    const char* value = rd_kafka_ConfigEntry_value(entry);
    settings[rd_kafka_ConfigEntry_name(entry)] = value == nullptr ? "" : value;
  }
  return settings;
}

Result<std::vector<Watermarks>> TopicAdmin::ContentsOf(const std::string& topic, int partitions, milliseconds timeout) {
  state_->deadline = steady_clock::now() + timeout;
  std::vector<Watermarks> contents(static_cast<std::size_t>(partitions));
  // Not rd_kafka_query_watermark_offsets, which forgets its time-out while a partition's leader is away.
  for (const auto& [end, mark] :
       {std::pair(RD_KAFKA_OFFSET_BEGINNING, &Watermarks::low), std::pair(RD_KAFKA_OFFSET_END, &Watermarks::high)}) {
    const PartitionsHandle asked(rd_kafka_topic_partition_list_new(partitions));
    for (int partition = 0; partition < partitions; ++partition) {
      rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition)->offset = end;
    }
    auto code = rd_kafka_offsets_for_times(state_->client.get(), asked.get(), static_cast<int>(state_->Left().count()));
    for (const rd_kafka_topic_partition_t& each : std::span(asked->elems, static_cast<std::size_t>(asked->cnt))) {
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = each.err;
      contents.at(static_cast<std::size_t>(each.partition)).*mark = each.offset;
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return BrokerError(code, "ask where the partitions of " + topic + " begin and end");
  }
  return contents;
}

Result<void> TopicAdmin::TryRead(const std::string& topic, milliseconds timeout) {
  const std::string what = "read topic " + topic;
  const TopicHandle handle(rd_kafka_topic_new(state_->client.get(), topic.c_str(), nullptr));
  if (handle == nullptr) return BrokerError(rd_kafka_last_error(), what);
  constexpr std::int32_t kAnyPartition = 0;
  if (rd_kafka_consume_start(handle.get(), kAnyPartition, RD_KAFKA_OFFSET_END) != 0) {
    return BrokerError(rd_kafka_last_error(), what);
  }
  const MessageHandle message(
      rd_kafka_consume(handle.get(), kAnyPartition, static_cast<int>(std::max(milliseconds(1), timeout).count())));
  const auto code = message == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : message->err;
  rd_kafka_consume_stop(handle.get(), kAnyPartition);
  // Either a message that came just now, or word that there is none.
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__PARTITION_EOF) return {};
  return BrokerError(code, what);
}

}  // namespace audit::kafka
