#include "kafka/client.h"

#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "kafka/client_log.h"

namespace audit::kafka {
namespace {

struct Reserved {
  std::string_view property;
  std::string_view why;
};

constexpr std::string_view kLoses = "another value could lose events";
constexpr std::string_view kReorders = "another value could change the order of a key's events";
constexpr std::string_view kInternal = "it changes how the library talks to this program";

constexpr auto kReserved = std::to_array<Reserved>({
    {"acks", kLoses},
    {"request.required.acks", kLoses},
    {"enable.idempotence", kLoses},
    {"enable.gapless.guarantee", kReorders},
    {"transactional.id", kReorders},
    {"message.timeout.ms", kLoses},
    {"delivery.timeout.ms", kLoses},
    {"queuing.strategy", kReorders},
    {"partitioner", "other clients place the same key on the same partition"},
    {"enable.auto.commit", kLoses},
    {"auto.commit.enable", kLoses},
    {"enable.auto.offset.store", kLoses},
    {"offset.store.method", kLoses},
    {"enable.partition.eof", kInternal},
    {"delivery.report.only.error", kInternal},
    {"enabled_events", kInternal},
    {"log.queue", kInternal},
    {"bootstrap.servers", "set kafka.bootstrap_servers"},
    {"metadata.broker.list", "set kafka.bootstrap_servers"},
    {"client.id", "set kafka.client_id"},
    {"group.id", "set kafka.consumer_group"},
    {"group.instance.id", "set kafka.consumer.group_instance_id"},
    {"partition.assignment.strategy", "set kafka.consumer.assignment_strategy"},
    {"auto.offset.reset", "set kafka.consumer.auto_offset_reset"},
    {"linger.ms", "set kafka.producer.linger_ms"},
    {"queue.buffering.max.ms", "set kafka.producer.linger_ms"},
    {"compression.type", "set kafka.producer.compression_type"},
    {"compression.codec", "set kafka.producer.compression_type"},
    {"batch.size", "set kafka.producer.max_batch_size"},
});

bool MayBeSecret(std::string_view property) {
  for (const std::string_view part : {"password", "secret", "key", "pem", "oauthbearer", "username", "token"}) {
    if (property.find(part) != std::string_view::npos) return true;
  }
  return false;
}

Result<void> Apply(rd_kafka_conf_t& conf, std::string_view name, const std::string& value) {
  std::array<char, 512> text{};
  const std::string property(name);
  const rd_kafka_conf_res_t set = rd_kafka_conf_set(&conf, property.c_str(), value.c_str(), text.data(), text.size());
  if (set == RD_KAFKA_CONF_OK) return {};
  std::string message = "kafka property " + property + ": ";
  if (set != RD_KAFKA_CONF_INVALID) {
    message += text.data();
  } else if (MayBeSecret(name)) {
    message += "its value is not accepted";
  } else {
    message += std::string(text.data()) + ": " + value;
  }
  return Error(ErrorCode::kInvalidArgument, std::move(message));
}

ClientCallbacks& CallbacksOf(void* opaque) { return *static_cast<ClientCallbacks*>(opaque); }

void LogLine(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  // The opaque is set before the first line is written; without one there is nobody to tell.
  void* opaque = client == nullptr ? nullptr : rd_kafka_opaque(client);
  if (opaque == nullptr || !CallbacksOf(opaque).log) return;
  CallbacksOf(opaque).log(LineOf(level, facility, text));
}

// Says what is wrong with a broker's certificate: librdkafka itself tells only that it was refused.
int JudgeCertificate(rd_kafka_t*, const char*, std::int32_t, int* x509_error, int, const char*, std::size_t, char* text,
                     std::size_t size, void*) {
  if (*x509_error == X509_V_OK) return 1;
  std::snprintf(text, size, "%s", X509_verify_cert_error_string(*x509_error));
  return 0;
}

bool ChecksCertificates(const rd_kafka_conf_t& conf) {
  std::array<char, 8> value{};
  std::size_t size = value.size();
  return rd_kafka_conf_get(&conf, "enable.ssl.certificate.verification", value.data(), &size) != RD_KAFKA_CONF_OK ||
         std::string_view(value.data()) != "false";
}

void SetCallbacks(rd_kafka_conf_t& conf, rd_kafka_type_t type, ClientCallbacks& callbacks) {
  rd_kafka_conf_set_opaque(&conf, &callbacks);
  rd_kafka_conf_set_log_cb(&conf, LogLine);
  if (ChecksCertificates(conf)) rd_kafka_conf_set_ssl_cert_verify_cb(&conf, JudgeCertificate);
  // Without it each error would be in the log a second time.
  rd_kafka_conf_set_error_cb(&conf, [](rd_kafka_t*, int code, const char* text, void* opaque) {
    CallbacksOf(opaque).OnClientError(static_cast<rd_kafka_resp_err_t>(code), text);
  });
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(&conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
      CallbacksOf(opaque).OnDeliveryReport(*message);
    });
  } else {
    rd_kafka_conf_set_rebalance_cb(
        &conf, [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions, void* opaque) {
          CallbacksOf(opaque).OnRebalance(code, *partitions);
        });
  }
}

}  // namespace

void ClientCallbacks::OnDeliveryReport(const rd_kafka_message_t&) {}
void ClientCallbacks::OnRebalance(rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t&) {}
void ClientCallbacks::OnClientError(rd_kafka_resp_err_t, std::string_view) {}

std::optional<std::string> WhyReserved(std::string_view property) {
  for (const Reserved& reserved : kReserved) {
    if (reserved.property == property) return std::string(reserved.why);
  }
  return std::nullopt;
}

Result<ConfHandle> MakeConf(const ConnectionOptions& connection, std::span<const Setting> ours) {
  ConfHandle conf(rd_kafka_conf_new());
  if (auto set = Apply(*conf, "bootstrap.servers", connection.bootstrap_servers); !set) return std::move(set).error();
  if (auto set = Apply(*conf, "client.id", connection.client_id); !set) return std::move(set).error();
  for (const Setting& setting : ours) {
    if (auto set = Apply(*conf, setting.name, setting.value); !set) return std::move(set).error();
  }
  for (const auto& [name, value] : connection.properties) {
    if (const auto why = WhyReserved(name)) {
      return Error(ErrorCode::kInvalidArgument, "kafka property " + name + " cannot be set: " + *why);
    }
    if (auto set = Apply(*conf, name, value); !set) return std::move(set).error();
  }
  return conf;
}

Result<ClientHandle> MakeClient(rd_kafka_type_t type, const ConnectionOptions& connection,
                                std::span<const Setting> ours, ClientCallbacks& callbacks) {
  auto conf = MakeConf(connection, ours);
  if (!conf) return std::move(conf).error();
  callbacks.log = connection.log;
  SetCallbacks(**conf, type, callbacks);
  std::array<char, 512> text{};
  ClientHandle client(rd_kafka_new(type, conf->get(), text.data(), text.size()));
  if (client == nullptr) {
    std::string message = std::string("the kafka client cannot start: ") + text.data();
    if (const std::string_view remedy = RemedyFor(text.data()); !remedy.empty()) message.append("; ").append(remedy);
    return Error(ErrorCode::kInvalidArgument, std::move(message));
  }
  (void)conf->release();  // the client's now
  return client;
}

bool EndClient(ClientHandle client, int flags, std::chrono::milliseconds patience) {
  rd_kafka_t* const handle = client.release();
  rd_kafka_set_log_level(handle, -1);  // whom it would tell may be gone before it is
  std::promise<void> ended;
  std::future<void> end = ended.get_future();
  std::thread([handle, flags, ended = std::move(ended)]() mutable {
    rd_kafka_destroy_flags(handle, flags);
    ended.set_value();
  }).detach();
  return end.wait_for(patience) == std::future_status::ready;
}

}  // namespace audit::kafka
