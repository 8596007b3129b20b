#include "kafka/producer.h"

#include <array>
#include <utility>

namespace audit::kafka {
namespace {

// librdkafka's default is 1,000,000. The broker is the judge of what is too large for a topic; this is
// only above everything that can be accepted over HTTP.
constexpr std::string_view kMessageMaxBytes = "67108864";

rd_kafka_vu_t Value(rd_kafka_vtype_t type) {
  rd_kafka_vu_t value{};
  value.vtype = type;
  return value;
}

rd_kafka_vu_t Bytes(rd_kafka_vtype_t type, std::string_view bytes) {
  rd_kafka_vu_t value = Value(type);
  // librdkafka copies it (F_COPY); an empty key or value is not the same as none, so never null.
  value.u.mem.ptr = const_cast<char*>(bytes.data() == nullptr ? "" : bytes.data());
  value.u.mem.size = bytes.size();
  return value;
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::Create(const ConnectionOptions& connection, const std::string& topic,
                                                   std::span<const Setting> settings, std::function<void()> wake) {
  std::vector<Setting> ours{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      // A message waits as long as an outage lasts.
      {"message.timeout.ms", "0"},
      {"enable.gapless.guarantee", "true"},
      {"partitioner", "murmur2_random"},
      {"message.max.bytes", std::string(kMessageMaxBytes)},
  };
  ours.insert(ours.end(), settings.begin(), settings.end());
  std::unique_ptr<Producer> producer(new Producer);
  producer->wake_ = std::move(wake);
  auto client = MakeClient(RD_KAFKA_PRODUCER, connection, ours, *producer);
  if (!client) return std::move(client).error();
  producer->client_ = std::move(*client);
  producer->queue_.reset(rd_kafka_queue_get_main(producer->client_.get()));
  producer->topic_.reset(rd_kafka_topic_new(producer->client_.get(), topic.c_str(), nullptr));
  if (producer->topic_ == nullptr) {
    return Error(ErrorCode::kInvalidArgument, "topic " + topic + ": " + rd_kafka_err2str(rd_kafka_last_error()));
  }
  rd_kafka_queue_cb_event_enable(
      producer->queue_.get(),
      [](rd_kafka_t*, void* opaque) {
        auto& self = *static_cast<Producer*>(opaque);
        self.rung_ = true;
        if (self.wake_) self.wake_();
      },
      producer.get());
  return producer;
}

Producer::~Producer() {
  if (queue_ != nullptr) rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  if (client_ != nullptr) Purge();
}

rd_kafka_resp_err_t Producer::Send(const OutgoingMessage& message, std::span<const event::MessageHeader> headers) {
  HeadersHandle all;
  std::array<rd_kafka_vu_t, 8> values{};
  std::size_t count = 0;
  values[count] = Value(RD_KAFKA_VTYPE_RKT);
  values[count++].u.rkt = topic_.get();
  values[count] = Value(RD_KAFKA_VTYPE_PARTITION);
  values[count++].u.i32 = message.partition;
  values[count] = Value(RD_KAFKA_VTYPE_MSGFLAGS);
  values[count++].u.i = RD_KAFKA_MSG_F_COPY;
  values[count] = Value(RD_KAFKA_VTYPE_TIMESTAMP);
  values[count++].u.i64 = message.timestamp_ms;
  values[count] = Value(RD_KAFKA_VTYPE_OPAQUE);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the opaque is only a number to us
  values[count++].u.ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(message.number));
  if (!message.tombstone) values[count++] = Bytes(RD_KAFKA_VTYPE_VALUE, message.value);
  if (message.key) values[count++] = Bytes(RD_KAFKA_VTYPE_KEY, *message.key);
  if (!headers.empty()) {
    all.reset(rd_kafka_headers_new(headers.size()));
    for (const event::MessageHeader& header : headers) {
      const std::string_view value = header.value.value_or("");
      rd_kafka_header_add(all.get(), header.name.data(), static_cast<ssize_t>(header.name.size()),
                          header.value ? value.data() : nullptr, static_cast<ssize_t>(value.size()));
    }
    values[count] = Value(RD_KAFKA_VTYPE_HEADERS);
    values[count++].u.headers = all.get();
  }
  const ErrorHandle error(rd_kafka_produceva(client_.get(), values.data(), count));
  if (error != nullptr) return rd_kafka_error_code(error.get());
  (void)all.release();  // the message's now
  ++outstanding_;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Producer::ServeIfRung() {
  if (rung_) Serve(std::chrono::milliseconds(0));
}

void Producer::Serve(std::chrono::milliseconds timeout) {
  rung_ = false;  // before: what comes from now on rings again
  rd_kafka_poll(client_.get(), static_cast<int>(timeout.count()));
}

void Producer::Purge() {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

std::optional<std::string> Producer::Fatal() const {
  std::array<char, 512> text{};
  if (rd_kafka_fatal_error(client_.get(), text.data(), text.size()) == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return std::string(text.data());
}

void Producer::TakeReports(std::vector<std::uint64_t>* delivered, std::vector<FailedMessage>* failed) {
  delivered->clear();
  failed->clear();
  delivered_.swap(*delivered);
  failed_.swap(*failed);
}

void Producer::OnDeliveryReport(const rd_kafka_message_t& message) {
  --outstanding_;
  const std::uint64_t number = reinterpret_cast<std::uintptr_t>(message._private);
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    delivered_.push_back(number);
    return;
  }
  FailedMessage failed;
  failed.number = number;
  failed.code = message.err;
  failed.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
  if (message.key != nullptr) failed.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) failed.value.assign(static_cast<const char*>(message.payload), message.len);
  failed_.push_back(std::move(failed));
}

}  // namespace audit::kafka
