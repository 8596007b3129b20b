// A header of the message that carried an event through a log, such as `ce_type` of the CloudEvents
// Kafka binding.
#pragma once

#include <optional>
#include <string_view>

namespace audit::event {

struct MessageHeader {
  std::string_view name;
  std::optional<std::string_view> value;  // nothing: null, which is not the same as empty
};

}  // namespace audit::event
