#include "kafka/broker_reach.h"

#include <utility>

#include "kafka/client.h"

namespace audit::kafka {
namespace {

// The most telling of what the client says while it tries.
struct Complaint : ClientCallbacks {
  void OnClientError(rd_kafka_resp_err_t code, std::string_view said) override {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    text = said;
  }
  std::string text;
};

}  // namespace

Result<void> ReachBroker(ConnectionOptions connection, const std::string& address, std::chrono::milliseconds timeout) {
  connection.bootstrap_servers = address;
  Complaint complaint;
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, {}, complaint);
  if (!client) return std::move(client).error();
  const struct rd_kafka_metadata* answer = nullptr;
  const auto code = rd_kafka_metadata(client->get(), 0, nullptr, &answer, static_cast<int>(timeout.count()));
  const MetadataHandle metadata(answer);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  rd_kafka_poll(client->get(), 0);
  return Error(ErrorCode::kUnavailable,
               address + ": " + (complaint.text.empty() ? std::string(rd_kafka_err2str(code)) : complaint.text));
}

}  // namespace audit::kafka
