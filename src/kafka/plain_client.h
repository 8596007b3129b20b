// librdkafka without our rooms around it, for tests: an administrator, and a group member such as
// another program would be.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "kafka/admin_call.h"
#include "kafka/broker_test_support.h"

namespace audit::kafka {

class PlainAdmin : ClientCallbacks {
 public:
  PlainAdmin() {
    auto made = MakeClient(RD_KAFKA_PRODUCER, Connection(), {}, *this);
    EXPECT_TRUE(made.ok());
    client_ = std::move(*made);
  }
  void DeleteTopic(const std::string& name) {
    rd_kafka_DeleteTopic_t* topics[] = {rd_kafka_DeleteTopic_new(name.c_str())};
    auto done =
        AdminCall(*client_, RD_KAFKA_ADMIN_OP_DELETETOPICS, kPatience, "delete " + name,
                  [&](auto* options, auto* queue) { rd_kafka_DeleteTopics(client_.get(), topics, 1, options, queue); });
    rd_kafka_DeleteTopic_destroy(topics[0]);
    EXPECT_TRUE(done.ok());
  }
  // All of a partition before `offset`.
  void DeleteRecords(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    const PartitionsHandle before(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(before.get(), topic.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* all[] = {rd_kafka_DeleteRecords_new(before.get())};
    auto done =
        AdminCall(*client_, RD_KAFKA_ADMIN_OP_DELETERECORDS, kPatience, "delete records",
                  [&](auto* options, auto* queue) { rd_kafka_DeleteRecords(client_.get(), all, 1, options, queue); });
    rd_kafka_DeleteRecords_destroy(all[0]);
    EXPECT_TRUE(done.ok());
  }

 private:
  ClientHandle client_;
};

// Stands in for a replica of another program: eager roundrobin unless said otherwise, commits what
// it reads. On a thread of its own until it is destroyed.
class PlainMember {
 public:
  PlainMember(const std::string& topic, const std::string& group, const std::string& strategy = "roundrobin") {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    const std::string bootstrap = Connection().bootstrap_servers;
    for (const auto& [name, value] : {std::pair<std::string, std::string>{"bootstrap.servers", bootstrap},
                                      {"group.id", group},
                                      {"partition.assignment.strategy", strategy},
                                      {"auto.offset.reset", "earliest"},
                                      {"session.timeout.ms", "6000"},
                                      {"heartbeat.interval.ms", "500"},
                                      {"enable.auto.commit", "false"}}) {
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), nullptr, 0);
    }
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0));
    rd_kafka_poll_set_consumer(client_.get());
    const PartitionsHandle topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    EXPECT_EQ(rd_kafka_subscribe(client_.get(), topics.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    thread_ = std::thread([this] { Run(); });
  }
  ~PlainMember() {
    stopping_ = true;
    thread_.join();
    rd_kafka_consumer_close(client_.get());
  }
  [[nodiscard]] int read() const { return read_; }
  [[nodiscard]] int partitions() const { return partitions_; }

 private:
  void Run() {
    while (!stopping_) {
      const MessageHandle message(rd_kafka_consumer_poll(client_.get(), 20));
      rd_kafka_topic_partition_list_t* assigned = nullptr;
      rd_kafka_assignment(client_.get(), &assigned);
      partitions_ = assigned->cnt;
      rd_kafka_topic_partition_list_destroy(assigned);
      if (message == nullptr || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
      if (rd_kafka_commit_message(client_.get(), message.get(), 0) == RD_KAFKA_RESP_ERR_NO_ERROR) ++read_;
    }
  }

  ClientHandle client_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> read_{0};
  std::atomic<int> partitions_{0};
  std::thread thread_;
};

}  // namespace audit::kafka
