#include "kafka/group_consumer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kafka/broker_error.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

milliseconds Until(steady_clock::time_point deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
}

std::vector<std::int32_t> NumbersOf(const rd_kafka_topic_partition_list_t& partitions) {
  std::vector<std::int32_t> numbers;
  for (const rd_kafka_topic_partition_t& each : std::span(partitions.elems, static_cast<std::size_t>(partitions.cnt))) {
    numbers.push_back(each.partition);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::vector<Setting> SettingsOf(const SourceOptions& options) {
  std::vector<Setting> settings{
      {"group.id", options.group},
      {"partition.assignment.strategy", options.assignment_strategy},
      {"auto.offset.reset", options.auto_offset_reset},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"enable.partition.eof", "false"},
      {"allow.auto.create.topics", "false"},
      // How long a member that died keeps its partitions from the others. Heartbeats come from a thread
      // of librdkafka every 3 s, whatever the store does.
      {"session.timeout.ms", "15000"},
      // A topic that is made or grown while we run is seen after that long.
      {"topic.metadata.refresh.interval.ms", "30000"},
      {"queued.min.messages", std::to_string(std::max<std::size_t>(options.prefetch_events, 1))},
      {"queued.max.messages.kbytes", std::to_string(std::max<std::size_t>(options.prefetch_bytes >> 10, 1))},
      // What comes drop by drop is waited for a moment: a broker that answers each drop works three times as much.
      {"fetch.min.bytes", "400000"},
      {"fetch.wait.max.ms", "100"},
      // Compressed. A batch of messages that is larger comes all the same, alone.
      {"fetch.max.bytes", "1000000"},
      {"fetch.message.max.bytes", "262144"},
  };
  if (!options.group_instance_id.empty()) settings.push_back({"group.instance.id", options.group_instance_id});
  return settings;
}

}  // namespace

Result<std::unique_ptr<GroupConsumer>> GroupConsumer::Join(const SourceOptions& options, GroupListener& listener,
                                                           std::function<void()> wake) {
  std::unique_ptr<GroupConsumer> consumer(new GroupConsumer(options, listener));
  consumer->wake_ = std::move(wake);
  auto client = MakeClient(RD_KAFKA_CONSUMER, options.connection, SettingsOf(options), *consumer);
  if (!client) return std::move(client).error();
  consumer->client_ = std::move(*client);
  rd_kafka_t* const handle = consumer->client_.get();
  rd_kafka_poll_set_consumer(handle);
  consumer->queue_.reset(rd_kafka_queue_get_consumer(handle));
  consumer->commits_.reset(rd_kafka_queue_new(handle));
  if (consumer->wake_) {
    for (rd_kafka_queue_t* queue : {consumer->queue_.get(), consumer->commits_.get()}) {
      rd_kafka_queue_cb_event_enable(
          queue, [](rd_kafka_t*, void* self) { static_cast<GroupConsumer*>(self)->wake_(); }, consumer.get());
    }
  }
  const PartitionsHandle topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto code = rd_kafka_subscribe(handle, topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return BrokerError(code, "subscribe to " + options.topic);
  }
  return consumer;
}

GroupConsumer::~GroupConsumer() {
  if (client_ == nullptr) return;
  for (const QueueHandle* queue : {&queue_, &commits_}) {
    if (*queue != nullptr) rd_kafka_queue_cb_event_enable(queue->get(), nullptr, nullptr);
  }
  // The close is done only while its rebalance callbacks are served. Without the one that unassigns
  // the member would not leave, and the next one would wait for the session to time out.
  const auto deadline = steady_clock::now() + options_.close_timeout;
  QueueHandle closing(rd_kafka_queue_new(client_.get()));
  const ErrorHandle refused(rd_kafka_consumer_close_queue(client_.get(), closing.get()));
  while (refused == nullptr && rd_kafka_consumer_closed(client_.get()) == 0 && steady_clock::now() < deadline) {
    // Messages that were on their way come here too.
    const MessageHandle dropped(rd_kafka_consume_queue(closing.get(), 20));
  }
  // Queues that live on keep the client from ending.
  closing.reset();
  queue_.reset();
  commits_.reset();
  EndClient(std::move(client_), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, options_.close_timeout);
}

MessageHandle GroupConsumer::Poll() {
  // Not rd_kafka_consume_batch_queue: it may serve a revocation between two messages of one call, and
  // then nobody can tell which of them are still ours.
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.get(), 0)) {
    MessageHandle owned(message);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return owned;
    listener_.OnConsumerError(message->err, rd_kafka_message_errstr(message));
  }
  return nullptr;
}

PartitionsHandle GroupConsumer::ListOf(std::span<const std::int32_t> partitions) const {
  PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition);
  }
  return list;
}

void GroupConsumer::Pause(std::span<const std::int32_t> partitions) {
  rd_kafka_pause_partitions(client_.get(), ListOf(partitions).get());
}

void GroupConsumer::Resume(std::span<const std::int32_t> partitions) {
  rd_kafka_resume_partitions(client_.get(), ListOf(partitions).get());
}

void GroupConsumer::OnCommitted(rd_kafka_t* client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*,
                                void* number) {
  auto& self = static_cast<GroupConsumer&>(*static_cast<ClientCallbacks*>(rd_kafka_opaque(client)));
  // The answer to one that we no longer wait for may come late.
  if (reinterpret_cast<std::uintptr_t>(number) == self.commit_number_) self.commit_answer_ = code;
}

Result<void> GroupConsumer::StartCommit(const std::map<std::int32_t, std::int64_t>& offsets) {
  const PartitionsHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = offset;
  }
  commit_answer_.reset();
  void* const number = reinterpret_cast<void*>(++commit_number_);  // NOLINT(performance-no-int-to-ptr): a number
  const auto sent = rd_kafka_commit_queue(client_.get(), list.get(), commits_.get(), OnCommitted, number);
  if (sent != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(sent, "commit offsets of the group " + options_.group);
  return {};
}

std::optional<Result<void>> GroupConsumer::CommitAnswer(milliseconds patience) {
  const auto deadline = steady_clock::now() + patience;
  do {
    rd_kafka_queue_poll_callback(commits_.get(), static_cast<int>(Until(deadline).count()));
  } while (!commit_answer_ && Until(deadline).count() > 0);
  if (!commit_answer_) return std::nullopt;
  if (*commit_answer_ == RD_KAFKA_RESP_ERR_NO_ERROR) return Result<void>();
  return BrokerError(*commit_answer_, "commit offsets of the group " + options_.group);
}

Result<std::map<std::int32_t, std::optional<std::int64_t>>> GroupConsumer::Committed(
    std::span<const std::int32_t> partitions) {
  const PartitionsHandle list = ListOf(partitions);
  const std::string what = "ask for the offsets of the group " + options_.group;
  const auto code = rd_kafka_committed(client_.get(), list.get(), static_cast<int>(options_.query_timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(code, what);
  std::map<std::int32_t, std::optional<std::int64_t>> offsets;
  for (const rd_kafka_topic_partition_t& each : std::span(list->elems, static_cast<std::size_t>(list->cnt))) {
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(each.err, what);
    offsets[each.partition] = each.offset >= 0 ? std::optional(each.offset) : std::nullopt;
  }
  return offsets;
}

std::size_t GroupConsumer::Queued() const { return rd_kafka_queue_length(queue_.get()); }

// Not rd_kafka_query_watermark_offsets, which forgets its time-out while the partition's leader is away.
Result<std::int64_t> GroupConsumer::AskOffset(std::int32_t partition, std::int64_t which, milliseconds timeout) {
  const PartitionsHandle asked = ListOf({&partition, 1});
  asked->elems[0].offset = which;
  auto code = rd_kafka_offsets_for_times(client_.get(), asked.get(), static_cast<int>(timeout.count()));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = asked->elems[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return BrokerError(
        code, "ask where partition " + std::to_string(partition) + " of " + options_.topic + " begins and ends");
  }
  return asked->elems[0].offset;
}

Result<std::int64_t> GroupConsumer::AskEnd(std::int32_t partition, milliseconds timeout) {
  return AskOffset(partition, RD_KAFKA_OFFSET_END, timeout);
}

Result<Watermarks> GroupConsumer::AskWatermarks(std::int32_t partition, milliseconds timeout) {
  const auto low = AskOffset(partition, RD_KAFKA_OFFSET_BEGINNING, timeout);
  if (!low) return low.error();
  const auto high = AskEnd(partition, timeout);
  if (!high) return high.error();
  return Watermarks{.low = *low, .high = *high};
}

std::optional<Watermarks> GroupConsumer::LastWatermarks(std::int32_t partition) const {
  Watermarks marks;
  const auto code =
      rd_kafka_get_watermark_offsets(client_.get(), options_.topic.c_str(), partition, &marks.low, &marks.high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || marks.high < 0) return std::nullopt;
  marks.low = std::max<std::int64_t>(marks.low, 0);
  return marks;
}

std::optional<Error> GroupConsumer::Fatal() const {
  std::array<char, 512> text{};
  const auto code = rd_kafka_fatal_error(client_.get(), text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return BrokerError(code, "out of the group " + options_.group, text.data());
}

void GroupConsumer::OnClientError(rd_kafka_resp_err_t code, std::string_view text) {
  // Fatal() tells what is behind that one.
  if (code != RD_KAFKA_RESP_ERR__FATAL) listener_.OnConsumerError(code, text);
}

void GroupConsumer::OnRebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t& partitions) {
  rd_kafka_t* const client = client_.get();
  const char* const protocol = rd_kafka_rebalance_protocol(client);
  const bool cooperative = protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
  ErrorHandle failed;
  rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    if (cooperative) {
      failed.reset(rd_kafka_incremental_assign(client, &partitions));
    } else {
      result = rd_kafka_assign(client, &partitions);
    }
    listener_.OnAssigned(NumbersOf(partitions));
  } else {
    listener_.OnRevoked(NumbersOf(partitions), rd_kafka_assignment_lost(client) != 0);
    if (cooperative && code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
      failed.reset(rd_kafka_incremental_unassign(client, &partitions));
    } else {
      result = rd_kafka_assign(client, nullptr);
    }
  }
  if (failed != nullptr) result = rd_kafka_error_code(failed.get());
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) listener_.OnConsumerError(result, "taking over an assignment failed");
}

}  // namespace audit::kafka
