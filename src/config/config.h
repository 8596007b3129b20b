// The effective configuration: environment over YAML file over defaults (contract, section 6).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errors/result.h"

namespace audit::config {

enum class LogBackend : std::uint8_t { kEmbedded, kKafka };
enum class StoreBackend : std::uint8_t { kSqlite, kPostgres };
enum class SubPartition : std::uint8_t { kNone, kDay };
enum class Durability : std::uint8_t { kQueued, kWritten, kSynced, kReplicated };

// Every setting that the process knows, by section of the YAML file. keys.cc names each one's
// environment variable, range, default and description; docs/configuration.md is generated from it.
struct Config {
  std::string service_id = "openg2p.auditmanager";
  std::string api_version = "1.0";
  std::string data_dir = "./data";
  bool role_ingest = true;
  bool role_persist = true;
  bool role_maintain = true;

  struct Http {
    std::string host = "127.0.0.1";  // unset: this when both back ends are embedded, else 0.0.0.0
    std::uint16_t port = 8000;
    unsigned threads = 0;  // 0 in the file: one a core; never 0 after Load
    std::size_t max_header_bytes = 16U << 10;
    std::size_t max_body_bytes = 16U << 20;
    std::size_t max_connections = 10'000;
    std::size_t max_requests_in_flight = 10'000;
    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds body_timeout{30'000};
    std::chrono::milliseconds idle_timeout{75'000};
    std::string tls_certificate_file;
    std::string tls_key_file;
  } http;

  struct Ingest {
    Durability durability = Durability::kSynced;
    std::size_t queue_max_size = 10'000;
    std::size_t queue_max_bytes = 32U << 20;
    std::size_t max_batch_size = 500;
    std::size_t max_event_bytes = 900'000;
    std::int64_t max_future_skew_seconds = 86'400;
    std::chrono::milliseconds replicated_timeout{2'000};
  } ingest;

  struct Spool {
    std::uint64_t max_bytes = 8ULL << 30;
    std::uint64_t segment_bytes = 64ULL << 20;
  } spool;

  LogBackend log_backend = LogBackend::kEmbedded;      // unset: kafka if a bootstrap address is configured
  StoreBackend store_backend = StoreBackend::kSqlite;  // unset: postgres if DB_HOST is set

  struct Database {
    std::string host = "localhost";
    std::uint16_t port = 5432;
    std::string name = "auditmanager";
    std::string user = "postgres";
    std::string password;
    int partition_pre_create_months = 3;
    int partition_retention_months = 84;
    std::chrono::seconds partition_check_interval{3'600};
    SubPartition sub_partition = SubPartition::kNone;
    unsigned writers = 2;
    std::string ssl_mode = "prefer";
    std::string ssl_root_certificate_file;
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds statement_timeout{30'000};
    std::chrono::milliseconds lock_timeout{5'000};
  } database;

  // One transaction of the store, with the embedded log; with Kafka it is kafka.consumer that says so.
  struct Persist {
    std::size_t batch_max_records = 2'000;
    std::chrono::milliseconds flush_interval{50};
  } persist;

  struct Kafka {
    std::string bootstrap_servers = "kafka:9092";
    std::string topic = "openg2p.audit.events";
    std::string dlq_topic = "openg2p.audit.dlq";
    std::string client_id = "openg2p-audit-manager";
    std::string consumer_group = "openg2p-audit-consumer";
    struct Producer {
      std::string acks = "all";  // "0" and "1" are accepted, "all" is used
      int linger_ms = 5;
      std::string compression_type = "lz4";
      std::size_t max_batch_size = 524'288;
    } producer;
    struct Consumer {
      std::size_t batch_max_records = 2'000;
      std::chrono::milliseconds flush_interval{100};
      std::string auto_offset_reset = "earliest";
      std::string assignment_strategy = "roundrobin";
      std::string group_instance_id;
      bool enable_auto_commit = false;
    } consumer;
    struct Security {
      std::string protocol = "plaintext";
      std::string sasl_mechanism = "PLAIN";
      std::string username;
      std::string password;
      std::string ca_file;
      std::string certificate_file;
      std::string key_file;
      std::string key_password;
    } security;
    struct Topics {
      int partitions = 12;
      int replication_factor = 1;
      std::int64_t retention_ms = 604'800'000;
      std::string compression_type = "producer";
    } topics;
    std::map<std::string, std::string, std::less<>> properties;  // of librdkafka, by its names
  } kafka;

  struct Logging {
    std::string level = "info";
    std::string format = "json";
  } logging;

  std::chrono::seconds shutdown_grace{25};
};

// Where a value came from, for `audit-manager config`.
enum class Origin : std::uint8_t { kDefault, kFile, kEnvironment, kCommandLine };

// One row of `audit-manager config`, of GET /config and of the documentation.
struct Setting {
  std::string key;          // "ingest.durability"
  std::string environment;  // "AUDIT_MANAGER__INGEST__DURABILITY"
  std::string value;        // effective; "********" for a secret that is set
  std::string default_value;
  std::string allowed;  // "synced, written, queued or replicated", "1 to 65535"
  std::string description;
  Origin origin = Origin::kDefault;
  bool secret = false;       // value is masked
  bool public_value = true;  // shown by GET /config (no secrets, no broker addresses)
};

struct Loaded {
  Config config;
  std::vector<Setting> settings;      // every key, in the order of the documentation
  std::vector<std::string> warnings;  // one line each, to be logged once at the start
  std::string file;                   // that was read, or empty
};

using Environment = std::map<std::string, std::string, std::less<>>;

// `file`: what --config names; without it $CONFIG_PATH, else config/default.yaml if it exists.
// `overrides` are keys set on the command line ("http.port" = "0"). Highest first: overrides,
// environment, file, defaults. kInvalidArgument or kNotFound with one line that names the key, the
// value and what is allowed; a secret is in no message, warning or Setting.
Result<Loaded> Load(const Environment& environment, const std::optional<std::string>& file,
                    const std::map<std::string, std::string>& overrides);

[[nodiscard]] Environment ProcessEnvironment();

}  // namespace audit::config
