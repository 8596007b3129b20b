// One member of a consumer group: librdkafka's consumer with what the source needs of it, and the
// rebalance callbacks of both protocols.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errors/result.h"
#include "kafka/client.h"
#include "kafka/holes.h"
#include "kafka/kafka_source.h"

namespace audit::kafka {

// Called from Poll.
class GroupListener {
 public:
  virtual ~GroupListener() = default;
  virtual void OnAssigned(std::span<const std::int32_t> partitions) = 0;
  // `lost`: they are already another's.
  virtual void OnRevoked(std::span<const std::int32_t> partitions, bool lost) = 0;
  virtual void OnConsumerError(rd_kafka_resp_err_t code, std::string_view text) = 0;
};

// One thread at a time.
class GroupConsumer final : private ClientCallbacks {
 public:
  // `options` and `listener` outlive it.
  static Result<std::unique_ptr<GroupConsumer>> Join(const SourceOptions& options, GroupListener& listener,
                                                     std::function<void()> wake);
  // Leaves the group, waiting at most options.close_timeout.
  ~GroupConsumer() override;

  // The next message, or null. Never waits. All that happened before the message was taken is told first.
  MessageHandle Poll();

  void Pause(std::span<const std::int32_t> partitions);
  void Resume(std::span<const std::int32_t> partitions);

  // Sends it and does not wait; `wake` is called when the answer is there. An answer to one before is lost.
  Result<void> StartCommit(const std::map<std::int32_t, std::int64_t>& offsets);
  // The answer to it; nothing where none came within `patience`.
  std::optional<Result<void>> CommitAnswer(std::chrono::milliseconds patience);
  // The group's offsets; nothing for a partition of which it has none.
  Result<std::map<std::int32_t, std::optional<std::int64_t>>> Committed(std::span<const std::int32_t> partitions);
  // Messages, and events of the group, that Poll would give at once.
  [[nodiscard]] std::size_t Queued() const;
  Result<std::int64_t> AskEnd(std::int32_t partition, std::chrono::milliseconds timeout);
  // Two questions, each with that time-out.
  Result<Watermarks> AskWatermarks(std::int32_t partition, std::chrono::milliseconds timeout);
  // As the last answer to a fetch had them.
  [[nodiscard]] std::optional<Watermarks> LastWatermarks(std::int32_t partition) const;
  // Why it will never get a message again.
  [[nodiscard]] std::optional<Error> Fatal() const;

 private:
  GroupConsumer(const SourceOptions& options, GroupListener& listener) : options_(options), listener_(listener) {}
  void OnRebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t& partitions) override;
  void OnClientError(rd_kafka_resp_err_t code, std::string_view text) override;
  static void OnCommitted(rd_kafka_t* client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* offsets,
                          void* number);
  Result<std::int64_t> AskOffset(std::int32_t partition, std::int64_t which, std::chrono::milliseconds timeout);
  [[nodiscard]] PartitionsHandle ListOf(std::span<const std::int32_t> partitions) const;

  const SourceOptions& options_;
  GroupListener& listener_;
  std::function<void()> wake_;
  ClientHandle client_;
  QueueHandle queue_;
  QueueHandle commits_;
  std::uintptr_t commit_number_ = 0;
  std::optional<rd_kafka_resp_err_t> commit_answer_;  // to that number
};

}  // namespace audit::kafka
