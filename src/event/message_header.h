// A header of the message that carried an event through a log, such as `ce_type` of the CloudEvents
// Kafka binding.
#pragma once

#include <string_view>

namespace audit::event {

struct MessageHeader {
  std::string_view name;
  std::string_view value;
};

}  // namespace audit::event
