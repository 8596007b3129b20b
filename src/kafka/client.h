// Making a client of librdkafka: our settings, then the operator's, checked by name; and what it
// calls us back with.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "errors/result.h"
#include "kafka/connection_options.h"
#include "kafka/handles.h"

namespace audit::kafka {

struct Setting {
  std::string_view name;
  std::string value;
};

// What a client calls. Lives longer than the client. All but OnLog are called on the thread that polls.
class ClientCallbacks {
 public:
  virtual ~ClientCallbacks() = default;
  virtual void OnDeliveryReport(const rd_kafka_message_t& message);
  virtual void OnRebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t& partitions);
  virtual void OnClientError(rd_kafka_resp_err_t code, std::string_view text);
  LogCallback log;
};

// nullopt: the operator may set it. Else why not, with the place where it is set if it has one.
[[nodiscard]] std::optional<std::string> WhyReserved(std::string_view property);

// Applies `ours` and then the operator's properties. kInvalidArgument with librdkafka's text and the
// name of the property, without its value where that could be a secret.
Result<ConfHandle> MakeConf(const ConnectionOptions& connection, std::span<const Setting> ours);

// `callbacks` outlives the client; its `log` is set from `connection`.
Result<ClientHandle> MakeClient(rd_kafka_type_t type, const ConnectionOptions& connection,
                                std::span<const Setting> ours, ClientCallbacks& callbacks);

// Destroys a client with librdkafka's destroy flags. False: its threads did not end within `patience`, as those of
// librdkafka 2.0.2 sometimes do not after a topic was deleted and made anew; they are left alone, and say nothing.
bool EndClient(ClientHandle client, int flags, std::chrono::milliseconds patience);

}  // namespace audit::kafka
