// What a message of librdkafka holds, as views.
#pragma once

#include <librdkafka/rdkafka.h>

#include <vector>

#include "kafka/fetched_events.h"

namespace audit::kafka {

// Holds the headers of one message at a time, so that reading millions allocates nothing.
class HeaderViews {
 public:
  // Valid as long as the message, and until the next call. A message without a time gets 0.
  MessageView ViewOf(const rd_kafka_message_t& message);

 private:
  std::vector<event::MessageHeader> headers_;
};

}  // namespace audit::kafka
