#include "kafka/broker_reach.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "kafka/client.h"
#include "kafka/client_log.h"

namespace audit::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two looks at what the client has said so far.
constexpr milliseconds kLookEvery{1'000};

// The most telling of what the client says while it tries. What is wrong with a certificate stands in its log alone.
struct Complaint : ClientCallbacks {
  void OnClientError(rd_kafka_resp_err_t code, std::string_view said) override {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    // Trying again would not change it.
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) final = true;
    text = Essence(said);
  }
  bool final = false;
  std::string text;
};

// Said on any thread.
struct Certificate {
  void Look(std::string_view said) {
    if (said.find("verification callback failed") == std::string_view::npos) return;
    const std::lock_guard lock(mutex);
    text = said;
  }
  std::string Said() {
    const std::lock_guard lock(mutex);
    return text;
  }
  std::mutex mutex;
  std::string text;
};

}  // namespace

Result<void> ReachBroker(ConnectionOptions connection, const std::string& address, milliseconds timeout) {
  connection.bootstrap_servers = address;
  Certificate certificate;
  Complaint complaint;
  connection.log = [&certificate](const ClientLine& line) { certificate.Look(line.text); };
  auto client = MakeClient(RD_KAFKA_CONSUMER, connection, {}, complaint);
  if (!client) return std::move(client).error();
  const auto deadline = steady_clock::now() + timeout;
  auto code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  while (!complaint.final && steady_clock::now() < deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    const struct rd_kafka_metadata* answer = nullptr;
    code = rd_kafka_metadata(client->get(), 0, nullptr, &answer, static_cast<int>(std::min(left, kLookEvery).count()));
    const MetadataHandle metadata(answer);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    rd_kafka_poll(client->get(), 0);
  }
  if (complaint.text.empty()) return Error(ErrorCode::kUnavailable, address + ": " + rd_kafka_err2str(code));
  const std::string cause = certificate.Said();
  return Error(ErrorCode::kUnavailable, complaint.text + (cause.empty() ? "" : "; " + cause));
}

}  // namespace audit::kafka
