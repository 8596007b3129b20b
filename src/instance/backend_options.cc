#include "instance/backend_options.h"

#include <algorithm>

#include <string>
#include <utility>

namespace audit::instance {

store::PostgresOptions PostgresOptionsOf(const config::Config& config) {
  const config::Config::Database& database = config.database;
  store::PostgresOptions options;
  options.host = database.host;
  options.port = database.port;
  options.name = database.name;
  options.user = database.user;
  options.password = database.password;
  options.sslmode = database.ssl_mode;
  options.sslrootcert = database.ssl_root_certificate_file;
  options.connect_timeout = database.connect_timeout;
  options.statement_timeout = database.statement_timeout;
  options.lock_timeout = database.lock_timeout;
  options.writers = static_cast<int>(database.writers);
  options.sub_partition =
      database.sub_partition == config::SubPartition::kDay ? store::SubPartition::kDay : store::SubPartition::kNone;
  options.retention_months = database.partition_retention_months;
  return options;
}

kafka::ConnectionOptions KafkaConnectionOf(const config::Config& config, kafka::LogCallback log) {
  kafka::ConnectionOptions options;
  options.bootstrap_servers = config.kafka.bootstrap_servers;
  options.client_id = config.kafka.client_id;
  const config::Config::Kafka::Security& security = config.kafka.security;
  const auto set = [&options](const char* property, const std::string& value) {
    if (!value.empty()) options.properties[property] = value;
  };
  set("security.protocol", security.protocol);
  if (security.protocol.starts_with("sasl")) {
    set("sasl.mechanism", security.sasl_mechanism);
    set("sasl.username", security.username);
    set("sasl.password", security.password);
  }
  set("ssl.ca.location", security.ca_file);
  set("ssl.certificate.location", security.certificate_file);
  set("ssl.key.location", security.key_file);
  set("ssl.key.password", security.key_password);
  for (const auto& [name, value] : config.kafka.properties) options.properties[name] = value;
  options.log = std::move(log);
  return options;
}

kafka::PublisherOptions PublisherOptionsOf(const config::Config& config, kafka::LogCallback log) {
  kafka::PublisherOptions options;
  options.connection = KafkaConnectionOf(config, std::move(log));
  options.topic = config.kafka.topic;
  options.linger = std::chrono::milliseconds(config.kafka.producer.linger_ms);
  options.compression_type = config.kafka.producer.compression_type;
  options.max_batch_bytes = config.kafka.producer.max_batch_size;
  return options;
}

kafka::SourceOptions SourceOptionsOf(const config::Config& config, kafka::LogCallback log) {
  const config::Config::Kafka::Consumer& consumer = config.kafka.consumer;
  kafka::SourceOptions options;
  options.connection = KafkaConnectionOf(config, std::move(log));
  options.topic = config.kafka.topic;
  options.group = config.kafka.consumer_group;
  options.assignment_strategy = consumer.assignment_strategy;
  options.group_instance_id = consumer.group_instance_id;
  options.auto_offset_reset = consumer.auto_offset_reset;
  options.prefetch_events = std::max(options.prefetch_events, 2 * static_cast<std::size_t>(consumer.batch_max_records));
  return options;
}

kafka::DeadLetterOptions DeadLetterOptionsOf(const config::Config& config, kafka::LogCallback log) {
  kafka::DeadLetterOptions options;
  options.connection = KafkaConnectionOf(config, std::move(log));
  options.topic = config.kafka.dlq_topic;
  options.compression_type = config.kafka.producer.compression_type;
  return options;
}

std::vector<kafka::TopicSpec> TopicsOf(const config::Config& config) {
  const config::Config::Kafka::Topics& topics = config.kafka.topics;
  std::vector<kafka::TopicSpec> specs;
  for (const std::string& name : {config.kafka.topic, config.kafka.dlq_topic}) {
    specs.push_back({.name = name,
                     .partitions = topics.partitions,
                     .replication = topics.replication_factor,
                     .config = {{"retention.ms", std::to_string(topics.retention_ms)},
                                {"compression.type", topics.compression_type}}});
  }
  return specs;
}

}  // namespace audit::instance
