#include "kafka/message_view.h"

#include <algorithm>

namespace audit::kafka {

MessageView HeaderViews::ViewOf(const rd_kafka_message_t& message) {
  MessageView view;
  view.partition = message.partition;
  view.offset = message.offset;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  view.timestamp.value = std::max<std::int64_t>(rd_kafka_message_timestamp(&message, &type), 0) * 1'000;
  if (message.key != nullptr) view.key.emplace(static_cast<const char*>(message.key), message.key_len);
  view.tombstone = message.payload == nullptr;
  if (!view.tombstone) view.value = {static_cast<const char*>(message.payload), message.len};
  headers_.clear();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      event::MessageHeader& header = headers_.emplace_back(event::MessageHeader{.name = name, .value = std::nullopt});
      if (value != nullptr) header.value.emplace(static_cast<const char*>(value), size);
    }
  }
  view.headers = headers_;
  return view;
}

}  // namespace audit::kafka
