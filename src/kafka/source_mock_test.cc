// A coordinator that answers late, from librdkafka's own mock cluster.
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind the one it needs.
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <thread>

#include "kafka/client.h"
#include "kafka/kafka_source.h"
#include "kafka/producer.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::int16_t kOffsetCommit = 8;  // the number of the request in Kafka's protocol

class SilentObserver final : public SourceObserver {
 public:
  void OnAssignment(std::span<const std::int32_t>, bool) override {}
  void OnGroupRefused(const Error&) override {}
  void OnHole(const Hole&) override {}
  void OnBrokerError(const Error&) override {}
  void OnConnectionFailed() override {}
};

class SourceMockTest : public testing::Test, ClientCallbacks {
 protected:
  SourceMockTest() {
    auto made =
        MakeClient(RD_KAFKA_PRODUCER, {.bootstrap_servers = "127.0.0.1:1", .properties = {}, .log = {}}, {}, *this);
    EXPECT_TRUE(made.ok());
    host_ = std::move(*made);
    cluster_ = rd_kafka_mock_cluster_new(host_.get(), 1);
    rd_kafka_mock_topic_create(cluster_, "events", 1, 1);
    connection_.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(cluster_);
  }
  ~SourceMockTest() override { rd_kafka_mock_cluster_destroy(cluster_); }

  void Put(const std::string& value) {
    auto producer = Producer::Create(connection_, "events", {}, nullptr);
    ASSERT_TRUE(producer.ok());
    OutgoingMessage message;
    message.value = value;
    ASSERT_EQ((*producer)->Send(message, {}), RD_KAFKA_RESP_ERR_NO_ERROR);
    for (const auto deadline = steady_clock::now() + std::chrono::seconds(30);
         (*producer)->outstanding() != 0 && steady_clock::now() < deadline;) {
      (*producer)->Serve(milliseconds(10));
    }
  }

  ClientHandle host_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  ConnectionOptions connection_;
};

// The group takes the partitions away while the consumer is being closed, and a commit is still without an answer.
TEST_F(SourceMockTest, TheEndDoesNotNeedTheAnswerToACommit) {
  Put("event");
  SilentObserver observer;
  SourceOptions options;
  options.connection = connection_;
  options.topic = "events";
  options.group = "group";
  options.close_timeout = milliseconds(300);
  auto source = KafkaSource::Open(options, env::SystemClock(), observer, [] {});
  ASSERT_TRUE(source.ok());
  std::size_t fetched = 0;
  for (const auto deadline = steady_clock::now() + std::chrono::seconds(30);
       fetched == 0 && steady_clock::now() < deadline; std::this_thread::sleep_for(milliseconds(5))) {
    if (const auto events = (*source)->Fetch(10, 1'000); events.ok()) fetched = events->size();
  }
  ASSERT_EQ(fetched, 1U);
  rd_kafka_mock_broker_push_request_error_rtts(cluster_, 1, kOffsetCommit, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 2'000);
  EXPECT_TRUE((*source)->Commit().ok());
  source->reset();
}

}  // namespace
}  // namespace audit::kafka
