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

// True for the end of a connection, or for one that does not come about: librdkafka logs those itself,
// each with its remedy (client_log.h).
[[nodiscard]] bool ConcernsConnection(rd_kafka_resp_err_t code);

// What the user of this service must be allowed to do to a topic for something to work. As the
// brokers' own tool calls it: "Write".
struct Right {
  std::string_view operation;
  std::string_view topic;
};

// `what` ("publish to openg2p.audit.events"), librdkafka's text for the code or the longer `detail`,
// and the remedy if one is known: where a right is missing, the command that grants `right`.
[[nodiscard]] Error BrokerError(rd_kafka_resp_err_t code, std::string_view what, std::string_view detail = {},
                                const Right& right = {});

}  // namespace audit::kafka
