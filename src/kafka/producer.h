// One idempotent producer of librdkafka, as the publisher and the dead-letter queue use it: sends, and
// keeps the delivery reports until they are taken.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors/result.h"
#include "event/message_header.h"
#include "kafka/client.h"

namespace audit::kafka {

struct OutgoingMessage {
  std::uint64_t number = 0;  // the sender's; comes back in the report
  std::optional<std::string_view> key;
  std::string_view value;
  bool tombstone = false;  // sent with null for a value
  std::int64_t timestamp_ms = 0;
  std::int32_t partition = RD_KAFKA_PARTITION_UA;  // UA: as the key says
};

// A message that was not delivered comes back whole.
struct FailedMessage {
  std::uint64_t number = 0;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::string value;
};

// One thread at a time.
class Producer final : private ClientCallbacks {
 public:
  // `settings` go over what every producer of ours has: idempotence, acks=all, no time-out of a message,
  // and the end of the producer at the first message that it must give up ("gapless"), so that nothing
  // behind that message overtakes it. `wake` is called from any thread, with a lock of librdkafka held,
  // when Serve has something to do.
  static Result<std::unique_ptr<Producer>> Create(const ConnectionOptions& connection, const std::string& topic,
                                                  std::span<const Setting> settings, std::function<void()> wake);
  // Gives up what is outstanding, without reports. Joins librdkafka's threads, which takes
  // milliseconds, or as long as a name lookup that hangs.
  ~Producer() override;

  // Copies it. __QUEUE_FULL: no room now. Any other code but NO_ERROR: not taken, no report comes.
  rd_kafka_resp_err_t Send(const OutgoingMessage& message, std::span<const event::MessageHeader> headers);
  // Takes in what happened, if anything did; costs next to nothing else.
  void ServeIfRung();
  // The same, waiting at most `timeout` for something.
  void Serve(std::chrono::milliseconds timeout);
  // The numbers of those delivered, and what failed, since the last call.
  void TakeReports(std::vector<std::uint64_t>* delivered, std::vector<FailedMessage>* failed);
  // There is something among the reports that failed.
  [[nodiscard]] bool HasFailure() const { return !failed_.empty(); }
  // Gives everything up; the reports say __PURGE_*.
  void Purge();
  // Sent and not served yet.
  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
  // Why it will never deliver anything again.
  [[nodiscard]] std::optional<std::string> Fatal() const;

 private:
  Producer() = default;
  void OnDeliveryReport(const rd_kafka_message_t& message) override;

  std::function<void()> wake_;
  std::atomic<bool> rung_{false};  // since something was last served
  ClientHandle client_;
  QueueHandle queue_;
  TopicHandle topic_;
  std::size_t outstanding_ = 0;
  std::vector<std::uint64_t> delivered_;
  std::vector<FailedMessage> failed_;
};

}  // namespace audit::kafka
