// What librdkafka's error codes mean for us: whose fault it is, and what to tell people.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "errors/error.h"

namespace audit::kafka {

// Why a message was not delivered.
enum class Blame : std::uint8_t {
  kMessage,     // the broker would refuse the same message again: too large, invalid
  kBystander,   // it was given up because of another one, or by us
  kEnvironment  // permission, topic, replicas, connection, ...: later it may go through
};

[[nodiscard]] Blame BlameFor(rd_kafka_resp_err_t code);

// True for an answer of the group that keeps a member out until somebody changes something: another
// assignment strategy in the group, no permission, a static member id that is in use, ...
[[nodiscard]] bool RefusesMember(rd_kafka_resp_err_t code);

// `what` ("publish to openg2p.audit.events"), librdkafka's text for the code or the longer `detail`,
// and the remedy if one is known.
[[nodiscard]] Error BrokerError(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail = {});

}  // namespace audit::kafka
