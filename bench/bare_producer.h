// The ceiling of the Kafka publisher: a plain loop over librdkafka with the settings that the service uses.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace audit::bench {

struct BareMessage {
  std::string_view key;
  std::string_view value;
};

struct BareProducerOptions {
  std::string bootstrap;
  std::string topic;
  std::size_t count = 0;
  bool whole = true;  // with the header and the time that our messages have, which cost librdkafka something too
  int linger_ms = 5;
  std::size_t batch_bytes = 512U << 10;
};

// Messages a second, from the first to the acknowledgement of the last: lz4, acks=all, idempotent. What fails ends
// the program. What `message` gives lives until its next call.
double PublishBare(const BareProducerOptions& options, const std::function<BareMessage(std::size_t)>& message);

}  // namespace audit::bench
