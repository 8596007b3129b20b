#include "config/checks.h"

#include "config/key.h"
#include "config/usable_cores.h"
#include "config/value.h"

namespace audit::config {
namespace {

// "http.max_body_bytes is 16 MiB"
std::string Says(std::string_view key, const Config& config) {
  return std::string(key) + " is " + FindKey(key)->print(config);
}

Error Refused(const std::string& first, const std::string& second, std::string_view rule) {
  return {ErrorCode::kInvalidArgument, first + " and " + second + ": " + std::string(rule)};
}

}  // namespace

void DeriveDefaults(Config& config, const Origins& origins) {
  if (!origins.contains("log.backend")) {
    config.log_backend = origins.contains("kafka.bootstrap_servers") ? LogBackend::kKafka : LogBackend::kEmbedded;
  }
  if (!origins.contains("store.backend")) {
    config.store_backend = origins.contains("database.host") ? StoreBackend::kPostgres : StoreBackend::kSqlite;
  }
  if (!origins.contains("http.host")) {
    const bool alone = config.log_backend == LogBackend::kEmbedded && config.store_backend == StoreBackend::kSqlite;
    config.http.host = alone ? "127.0.0.1" : "0.0.0.0";
  }
  if (config.http.threads == 0) config.http.threads = UsableCores();
}

Result<void> CheckTogether(const Config& config) {
  const auto says = [&config](std::string_view key) { return Says(key, config); };
  if (config.ingest.max_event_bytes > config.http.max_body_bytes) {
    return Refused(says("ingest.max_event_bytes"), says("http.max_body_bytes"),
                   "an event must fit into a request body");
  }
  if (config.http.max_body_bytes > config.spool.segment_bytes / 2) {
    return Refused(says("http.max_body_bytes"), says("spool.segment_bytes"),
                   "a segment must hold the largest request at least twice");
  }
  if (config.spool.max_bytes / 3 < config.spool.segment_bytes) {
    return Refused(says("spool.max_bytes"), says("spool.segment_bytes"), "the spool must hold three segments");
  }
  if (config.ingest.durability == Durability::kReplicated && config.log_backend != LogBackend::kKafka) {
    return Refused(says("ingest.durability"), says("log.backend"), "replicated needs log.backend kafka");
  }
  if (config.http.tls_certificate_file.empty() != config.http.tls_key_file.empty()) {
    return Refused("http.tls_certificate_file is " + Quoted(config.http.tls_certificate_file),
                   "http.tls_key_file is " + Quoted(config.http.tls_key_file), "TLS needs both, or neither");
  }
  return {};
}

std::vector<std::string> WarningsOf(const Config& config, const Origins& origins) {
  std::vector<std::string> warnings;
  if (config.log_backend != LogBackend::kKafka) return warnings;
  if (config.kafka.producer.acks == "0" || config.kafka.producer.acks == "1") {
    warnings.push_back(Says("kafka.producer.acks", config) +
                       ": all is used, because less could lose events that were accepted");
  }
  const Config defaults;
  std::string slow;
  const auto name_if = [&](bool worse, std::string_view key) {
    if (!worse || !origins.contains(key)) return;
    slow += (slow.empty() ? "" : ", ") + Says(key, config) + " (default " + FindKey(key)->print(defaults) + ")";
  };
  name_if(config.kafka.consumer.batch_max_records < defaults.kafka.consumer.batch_max_records,
          "kafka.consumer.batch_max_records");
  name_if(config.kafka.producer.linger_ms > defaults.kafka.producer.linger_ms, "kafka.producer.linger_ms");
  if (!slow.empty()) warnings.push_back("these settings cost throughput: " + slow);
  return warnings;
}

}  // namespace audit::config
