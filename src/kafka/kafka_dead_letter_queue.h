// Dead letters in a topic: written here by the pump, read by dead_letter_topic.h.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "dead_letters/dead_letter_queue.h"
#include "kafka/connection_options.h"

namespace audit::kafka {

struct DeadLetterOptions {
  ConnectionOptions connection;
  std::string topic;
  std::string compression_type = "lz4";
  // How long Put waits for the brokers' word on all of its letters.
  std::chrono::milliseconds put_timeout{10'000};
};

// One thread at a time.
class KafkaDeadLetterQueue final : public dead_letters::DeadLetterQueue {
 public:
  // Does not wait for a broker. kInvalidArgument: a property or value is wrong.
  static Result<std::unique_ptr<KafkaDeadLetterQueue>> Open(DeadLetterOptions options);
  ~KafkaDeadLetterQueue() override;

  // All in-sync replicas have all of them when it returns. Otherwise kUnavailable, and the same letters
  // may be put again: those that are known to be there are not put twice, but after a time-out or a
  // crash a letter may be in the topic more than once, with the same dlq-topic, -partition and -offset.
  // A value that the topic has no room for is cut into parts (dead_letter_message.h). A topic that takes
  // not even those keeps the error, which says what to change; nothing is passed over.
  Result<void> Put(std::span<const dead_letters::DeadLetter> letters, time::UnixMicros now) override;

 private:
  struct State;
  explicit KafkaDeadLetterQueue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace audit::kafka
