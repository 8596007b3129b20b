// Errors of brokers that a real one gives only in an emergency, from librdkafka's own mock cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
// Behind the one it needs.
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <set>
#include <thread>

#include "kafka/client.h"
#include "kafka/kafka_publisher.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int16_t kProduce = 0;  // the number of the request in Kafka's protocol

class Reports final : public pipeline::PublisherListener {
 public:
  void OnDelivered(std::uint64_t position) override { delivered.push_back(position); }
  void OnRefused(const pipeline::OutgoingEvent& event, const std::string&) override {
    refused.push_back(event.position);
  }
  void OnFailed(std::uint64_t position, const Error& error) override {
    failed.push_back(position);
    why = error.message();
  }
  std::vector<std::uint64_t> delivered, refused, failed;
  std::string why;
};

class PublisherMockTest : public testing::Test, ClientCallbacks {
 protected:
  PublisherMockTest() {
    auto made =
        MakeClient(RD_KAFKA_PRODUCER, {.bootstrap_servers = "127.0.0.1:1", .properties = {}, .log = {}}, {}, *this);
    EXPECT_TRUE(made.ok());
    host = std::move(*made);
    cluster = rd_kafka_mock_cluster_new(host.get(), 1);
    rd_kafka_mock_topic_create(cluster, "events", 1, 1);
    PublisherOptions options;
    options.connection.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(cluster);
    options.topic = "events";
    options.linger = milliseconds(50);
    publisher = std::move(*KafkaPublisher::Create(std::move(options), nullptr));
  }
  ~PublisherMockTest() override {
    publisher.reset();
    rd_kafka_mock_cluster_destroy(cluster);
  }
  void Answer(std::vector<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster, kProduce, errors.size(), errors.data());
  }
  Reports Publish(std::uint64_t from, std::uint64_t to) {
    Reports reports;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::uint64_t next = from;
    const auto count = [&] { return reports.delivered.size() + reports.refused.size() + reports.failed.size(); };
    while (count() < to - from && std::chrono::steady_clock::now() < deadline) {
      while (next < to) {
        auto taken = publisher->Publish({.position = next, .key = "k", .value = "v", .ingested_at = {}});
        if (!taken.ok() || !*taken) break;
        ++next;
      }
      publisher->Poll(reports);
      std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_EQ(count(), to - from);
    return reports;
  }

  ClientHandle host;
  rd_kafka_mock_cluster_t* cluster = nullptr;
  std::unique_ptr<KafkaPublisher> publisher;
};

TEST_F(PublisherMockTest, WhatPassesIsTriedAgainUnseen) {
  Answer({RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
          RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  const Reports reports = Publish(0, 100);
  EXPECT_THAT(reports.delivered, SizeIs(100));
}

TEST_F(PublisherMockTest, WithoutPermissionEverythingOutstandingFailsAndLaterAllGoesThrough) {
  Answer({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  const Reports reports = Publish(0, 100);
  EXPECT_THAT(reports.delivered, IsEmpty());
  EXPECT_THAT(reports.refused, IsEmpty());
  EXPECT_THAT(reports.failed, SizeIs(100));
  EXPECT_THAT(reports.why, testing::HasSubstr("--operation Write --topic events"));
  EXPECT_THAT(Publish(0, 100).delivered, SizeIs(100));
}

TEST_F(PublisherMockTest, ARefusedBatchIsTakenApartUntilTheOneToBlameStandsAlone) {
  // The batch as a whole, then its third message by itself.
  Answer({RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_NO_ERROR,
          RD_KAFKA_RESP_ERR_INVALID_RECORD});
  const Reports reports = Publish(0, 10);
  EXPECT_THAT(reports.failed, IsEmpty());
  EXPECT_THAT(reports.refused, SizeIs(1));
  EXPECT_THAT(reports.delivered, SizeIs(9));
}

TEST_F(PublisherMockTest, AFailureWhileABatchIsTakenApartFailsAllThatIsLeft) {
  Answer({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  const Reports reports = Publish(0, 10);
  EXPECT_THAT(reports.refused, IsEmpty());
  EXPECT_EQ(reports.delivered.size() + reports.failed.size(), 10U);
  EXPECT_THAT(reports.failed, testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace audit::kafka
