// One call of librdkafka's admin API, waited for. For this room's .cc files only.
#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include "errors/result.h"
#include "kafka/broker_error.h"
#include "kafka/handles.h"

namespace audit::kafka {

// `start(options, queue)` begins the call; gives its result event. With what code it failed as a whole is left in
// `*code`.
template <class Start>
Result<EventHandle> AdminCall(rd_kafka_t& client, rd_kafka_admin_op_t operation, std::chrono::milliseconds timeout,
                              std::string_view what, Start start, rd_kafka_resp_err_t* code = nullptr) {
  const int timeout_ms = std::max(1, static_cast<int>(timeout.count()));
  const AdminOptionsHandle options(rd_kafka_AdminOptions_new(&client, operation));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, nullptr, 0);
  const QueueHandle queue(rd_kafka_queue_new(&client));
  start(options.get(), queue.get());
  EventHandle event(rd_kafka_queue_poll(queue.get(), timeout_ms));
  if (event == nullptr) return BrokerError(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  if (const auto failed = rd_kafka_event_error(event.get()); failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (code != nullptr) *code = failed;
    return BrokerError(failed, what, rd_kafka_event_error_string(event.get()));
  }
  return event;
}

}  // namespace audit::kafka
