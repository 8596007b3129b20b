// Puts events into a topic. Idempotent, acks=all, no time-out: an outage of Kafka of any length loses
// nothing and keeps the order of each key, because the producer stops at the first message that it
// must give up (docs/decisions/0009-order-at-the-first-gap.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "kafka/connection_options.h"
#include "pipeline/publisher.h"

namespace audit::kafka {

struct PublisherOptions {
  ConnectionOptions connection;
  std::string topic;
  std::chrono::milliseconds linger{5};
  std::string compression_type = "lz4";  // none, gzip, snappy, lz4, zstd
  // Of one batch of messages, before compression. Halved, and halved again, where the topic takes less.
  std::size_t max_batch_bytes = 512U << 10;
  // What is published and not reported; Publish says false beyond it. Enough for 100,000 events a second to brokers a
  // tenth of a second away; 50,000 would fall out of the processor's caches and take half as much work again.
  std::size_t max_outstanding_events = 10'000;
  std::size_t max_outstanding_bytes = 32U << 20;
};

// One thread at a time.
class KafkaPublisher final : public pipeline::Publisher {
 public:
  // `wake` is called from any thread when Poll has something to report. It is called with a lock of
  // librdkafka held: it must be quick and must not call the publisher. It may be called once more
  // while the publisher is being destroyed. kInvalidArgument: a property or value is wrong.
  static Result<std::unique_ptr<KafkaPublisher>> Create(PublisherOptions options, std::function<void()> wake);
  // Gives up what is not reported. Takes milliseconds.
  ~KafkaPublisher() override;

  // False also while messages of a refused batch are sent again one by one.
  Result<bool> Publish(const pipeline::OutgoingEvent& event) override;
  // OnRefused: only what the broker refused when it stood alone in its batch. OnFailed: comes for all
  // that is outstanding at once; the next Publish begins with a new producer.
  void Poll(pipeline::PublisherListener& listener) override;
  void Abandon() override;

  // Reports until everything is reported or `timeout` has passed; false: something is left, given up.
  // Only Poll and the destructor may be called afterwards.
  bool Close(pipeline::PublisherListener& listener, std::chrono::milliseconds timeout);

 private:
  struct State;
  explicit KafkaPublisher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::kafka
