#include "kafka/dead_letter_topic.h"

#include <algorithm>
#include <array>
#include <map>
#include <thread>
#include <utility>

#include "kafka/admin_call.h"
#include "kafka/client.h"
#include "kafka/dead_letter_message.h"
#include "kafka/holes.h"
#include "kafka/letter_assembly.h"
#include "kafka/message_view.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

using DeleteRecordsHandle = std::unique_ptr<rd_kafka_DeleteRecords_t, Destroyer<rd_kafka_DeleteRecords_destroy>>;

constexpr milliseconds kAskAgainAfter{50};

bool Matches(const LetterFilter& filter, const TopicLetter& letter) {
  if (filter.reason && !letter.letter.reason.starts_with(*filter.reason)) return false;
  if (filter.origin && letter.letter.origin != *filter.origin) return false;
  if (filter.from && letter.dead_at < *filter.from) return false;
  return !filter.before || letter.dead_at < *filter.before;
}

}  // namespace

struct DeadLetterTopic::State : ClientCallbacks {
  // Reads each partition from `from` to its end now, until `each` returns false.
  Result<void> Read(const std::map<std::int32_t, std::int64_t>& from,
                    const std::function<bool(const TopicLetter&)>& each);
  Result<std::map<std::int32_t, std::int64_t>> Beginnings();
  Result<Watermarks> Ends(std::int32_t partition);
  Result<void> Drain(rd_kafka_queue_t& queue, std::map<std::int32_t, std::int64_t> ends,
                     const std::function<bool(const TopicLetter&)>& each);
  [[nodiscard]] std::string What() const { return "read the dead letters of " + topic; }

  std::string topic;
  milliseconds patience{};
  ClientHandle client;
  TopicHandle handle;
};

Result<Watermarks> DeadLetterTopic::State::Ends(std::int32_t partition) {
  const auto deadline = steady_clock::now() + patience;
  while (true) {
    Watermarks marks;
    const auto code = rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &marks.low, &marks.high,
                                                       static_cast<int>(patience.count()));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
    // A partition may be between two leaders.
    const bool passes =
        code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    if (!passes || steady_clock::now() >= deadline) return BrokerError(code, What());
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

Result<std::map<std::int32_t, std::int64_t>> DeadLetterTopic::State::Beginnings() {
  const struct rd_kafka_metadata* asked = nullptr;
  const auto code = rd_kafka_metadata(client.get(), 0, handle.get(), &asked, static_cast<int>(patience.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(code, What());
  const MetadataHandle metadata(asked);
  const struct rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return Error(ErrorCode::kNotFound, "there is no topic " + topic + ", so nothing ever died");
  }
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(found.err, What(), {}, {"Describe", topic});
  std::map<std::int32_t, std::int64_t> beginnings;
  for (std::int32_t partition = 0; partition < found.partition_cnt; ++partition) {
    auto marks = Ends(partition);
    if (!marks) return std::move(marks).error();
    beginnings[partition] = marks->low;
  }
  return beginnings;
}

Result<void> DeadLetterTopic::State::Drain(rd_kafka_queue_t& queue, std::map<std::int32_t, std::int64_t> ends,
                                           const std::function<bool(const TopicLetter&)>& each) {
  LetterAssembly assembly;
  HeaderViews views;
  while (!ends.empty()) {
    const MessageHandle message(rd_kafka_consume_queue(&queue, static_cast<int>(patience.count())));
    if (message == nullptr) return BrokerError(RD_KAFKA_RESP_ERR__TIMED_OUT, What());
    const auto end = ends.find(message->partition);
    if (end == ends.end()) continue;  // behind where it ended when we began
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ends.erase(end);
      continue;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return BrokerError(message->err, What(), rd_kafka_message_errstr(message.get()), {"Read", topic});
    }
    if (message->offset < end->second && !assembly.Add(views.ViewOf(*message), each)) return {};
    if (message->offset >= end->second - 1) ends.erase(end);
  }
  assembly.Finish(each);
  return {};
}

Result<void> DeadLetterTopic::State::Read(const std::map<std::int32_t, std::int64_t>& from,
                                          const std::function<bool(const TopicLetter&)>& each) {
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  std::map<std::int32_t, std::int64_t> ends;
  std::optional<Error> failed;
  for (const auto& [partition, offset] : from) {
    auto marks = Ends(partition);
    if (!marks) {
      failed = std::move(marks).error();
      break;
    }
    const std::int64_t begin = std::max(offset, marks->low);
    if (begin >= marks->high) continue;
    if (rd_kafka_consume_start_queue(handle.get(), partition, begin, queue.get()) != 0) {
      failed = BrokerError(rd_kafka_last_error(), What());
      break;
    }
    ends[partition] = marks->high;
  }
  Result<void> drained = failed ? Result<void>(*failed) : Drain(*queue, ends, each);
  for (const auto& [partition, end] : ends) rd_kafka_consume_stop(handle.get(), partition);
  return drained;
}

Result<std::unique_ptr<DeadLetterTopic>> DeadLetterTopic::Open(const ConnectionOptions& connection, std::string topic,
                                                               milliseconds patience) {
  auto state = std::make_unique<State>();
  const std::array settings{Setting{"enable.partition.eof", "true"}, Setting{"enable.auto.commit", "false"},
                            Setting{"auto.offset.reset", "earliest"}, Setting{"allow.auto.create.topics", "false"},
                            Setting{"queued.max.messages.kbytes", "16384"}};
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, settings, *state);
  if (!client) return std::move(client).error();
  state->client = std::move(*client);
  state->handle.reset(rd_kafka_topic_new(state->client.get(), topic.c_str(), nullptr));
  if (state->handle == nullptr) return BrokerError(rd_kafka_last_error(), "topic " + topic);
  state->topic = std::move(topic);
  state->patience = patience;
  return std::unique_ptr<DeadLetterTopic>(new DeadLetterTopic(std::move(state)));
}

DeadLetterTopic::DeadLetterTopic(std::unique_ptr<State> state) : state_(std::move(state)) {}

DeadLetterTopic::~DeadLetterTopic() = default;

Result<std::uint64_t> DeadLetterTopic::List(const LetterFilter& filter,
                                            const std::function<bool(const TopicLetter&)>& each) {
  auto beginnings = state_->Beginnings();
  if (!beginnings) return std::move(beginnings).error();
  std::uint64_t count = 0;
  auto read = state_->Read(*beginnings, [&](const TopicLetter& letter) {
    if (!Matches(filter, letter)) return true;
    ++count;
    return each(letter);
  });
  if (!read) return std::move(read).error();
  return count;
}

Result<void> DeadLetterTopic::Find(LetterName name, const std::function<void(const TopicLetter&)>& use) {
  auto beginnings = state_->Beginnings();
  if (!beginnings) return std::move(beginnings).error();
  bool found = false;
  if (beginnings->contains(name.partition)) {
    auto read = state_->Read({{name.partition, name.offset}}, [&](const TopicLetter& letter) {
      if (letter.name == name) {
        found = true;
        use(letter);
      }
      return !found;  // a letter that was cut may be whole only behind later ones
    });
    if (!read) return read;
  }
  if (!found) return Error(ErrorCode::kNotFound, "no dead letter has the name " + name.ToString());
  return {};
}

Result<void> DeadLetterTopic::DropThrough(LetterName name) {
  const std::string what = "delete dead letters of " + state_->topic;
  std::int64_t behind = 0;
  // Its last part is not where its name points to; the letter behind it begins there.
  auto found = Find(name, [&](const TopicLetter& letter) { behind = letter.behind; });
  if (!found) return found;
  const PartitionsHandle offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(offsets.get(), state_->topic.c_str(), name.partition)->offset = behind;
  const DeleteRecordsHandle deletion(rd_kafka_DeleteRecords_new(offsets.get()));
  rd_kafka_DeleteRecords_t* all[] = {deletion.get()};
  auto event = AdminCall(
      *state_->client, RD_KAFKA_ADMIN_OP_DELETERECORDS, state_->patience, what,
      [&](auto* options, auto* queue) { rd_kafka_DeleteRecords(state_->client.get(), all, 1, options, queue); });
  if (!event) return std::move(event).error();
  const auto* result = rd_kafka_event_DeleteRecords_result(event->get());
  const auto* deleted = rd_kafka_DeleteRecords_result_offsets(result);
  if (deleted->cnt == 1 && deleted->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return BrokerError(deleted->elems[0].err, what, {}, {"Delete", state_->topic});
  }
  return {};
}

}  // namespace audit::kafka
