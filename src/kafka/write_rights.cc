#include "kafka/write_rights.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "kafka/broker_error.h"
#include "kafka/client.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLookEvery{20};

struct Report : ClientCallbacks {
  void OnDeliveryReport(const rd_kafka_message_t& message) override { code = message.err; }
  std::optional<rd_kafka_resp_err_t> code;
};

struct Statistics {
  bool has_producer_id = false;
};

int Look(rd_kafka_t*, char* json, std::size_t size, void* statistics) {
  const std::string_view text(json, size);
  static_cast<Statistics*>(statistics)->has_producer_id =
      text.find(R"("idemp_state": "Assigned")") != std::string_view::npos;
  return 0;  // the text stays librdkafka's
}

std::string Milliseconds(milliseconds time) { return std::to_string(std::max<milliseconds::rep>(1, time.count())); }

}  // namespace

Result<void> TryWrite(const ConnectionOptions& connection, const std::string& topic, milliseconds timeout) {
  const std::string what = "write to topic " + topic;
  // Brokers take 0, 1 and all. They look at the rights first, and refuse any other number before they write.
  constexpr const char* kAcksThatNoneTakes = "2";
  const std::array settings{Setting{"acks", kAcksThatNoneTakes}, Setting{"message.timeout.ms", Milliseconds(timeout)}};
  Report report;
  auto client = MakeClient(RD_KAFKA_PRODUCER, connection, settings, report);
  if (!client) return std::move(client).error();
  // Whoever finds it in a topic after all, where something other than Kafka answered, should know where it is from.
  constexpr std::string_view kText = "audit-manager preflight asked whether it may write here";
  const TopicHandle handle(rd_kafka_topic_new(client->get(), topic.c_str(), nullptr));
  if (handle == nullptr) return BrokerError(rd_kafka_last_error(), what);
  if (rd_kafka_produce(handle.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(kText.data()),
                       kText.size(), nullptr, 0, nullptr) != 0) {
    return BrokerError(rd_kafka_last_error(), what);
  }
  const auto deadline = steady_clock::now() + timeout;
  while (!report.code && steady_clock::now() < deadline) {
    rd_kafka_poll(client->get(), static_cast<int>(kLookEvery.count()));
  }
  const auto code = report.code.value_or(RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (code == RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS || code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return BrokerError(code, what, {}, {"Write", topic});
}

Result<void> TryIdempotence(const ConnectionOptions& connection, milliseconds timeout) {
  const std::string what = "begin as an idempotent producer";
  const std::array settings{Setting{"enable.idempotence", "true"},
                            Setting{"statistics.interval.ms", Milliseconds(kLookEvery)}};
  auto conf = MakeConf(connection, settings);
  if (!conf) return std::move(conf).error();
  Statistics statistics;
  rd_kafka_conf_set_opaque(conf->get(), &statistics);
  rd_kafka_conf_set_stats_cb(conf->get(), Look);
  rd_kafka_conf_set_log_cb(conf->get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  rd_kafka_conf_set_error_cb(conf->get(), [](rd_kafka_t*, int, const char*, void*) {});
  std::array<char, 512> text{};
  const ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), text.data(), text.size()));
  if (client == nullptr) return Error(ErrorCode::kInvalidArgument, what + ": " + text.data());
  (void)conf->release();  // the client's now
  const auto deadline = steady_clock::now() + timeout;
  while (steady_clock::now() < deadline) {
    rd_kafka_poll(client.get(), static_cast<int>(kLookEvery.count()));
    if (statistics.has_producer_id) return {};
    // Nothing helps a client but a new one after that.
    const auto code = rd_kafka_fatal_error(client.get(), nullptr, 0);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return BrokerError(code, what);
  }
  return BrokerError(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
}

}  // namespace audit::kafka
