// The table that environment parsing, YAML parsing, `audit-manager config`, GET /config,
// docs/configuration.md and config/default.yaml all come from. Names and defaults of the contract's
// section 6 are fixed.
#include <arpa/inet.h>

#include "config/key.h"
#include "config/key_kinds.h"
#include "config/roles.h"

// Reaches a member of Config, const or not.
#define FIELD(member) ([](auto& config) -> auto& { return config.member; })

namespace audit::config {
namespace {

constexpr std::uint64_t kKiB = 1ULL << 10U;
constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kGiB = 1ULL << 30U;
constexpr std::uint64_t kTiB = 1ULL << 40U;
constexpr std::int64_t kHourMs = 3'600'000;

constexpr std::string_view kAnyText = "text of one line, not empty";

Key Computed(std::string_view rule, Key key) {
  key.computed_default = rule;
  key.in_default_file = false;
  return key;
}

Key HttpHost() {
  Key key = Text("http.host", FIELD(http.host), "The address to listen on.", "an IPv4 or IPv6 address");
  key.set = [](std::string_view text, Config& config) {
    const std::string host(text);
    in6_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) != 1 && inet_pton(AF_INET6, host.c_str(), &address) != 1)
      return false;
    config.http.host = host;
    return true;
  };
  return Computed("127.0.0.1 when both back ends are embedded, else 0.0.0.0", std::move(key));
}

Key Roles() {
  Key key =
      NamedKey("roles", "ingest, persist and maintain, each at most once, separated by commas",
               "What this process does: take events in over HTTP, bring them from the log to the store, look after "
               "partitions and retention. Without persist, what was accepted stays in the log.");
  key.list = true;
  key.set = SetRoles;
  key.print = PrintRoles;
  return key;
}

// `true` would let the client commit what the store may not hold yet.
Key EnableAutoCommit() {
  Key key = NamedKey("kafka.consumer.enable_auto_commit",
                     "false (offsets move only after the store has committed; true would lose events)",
                     "Accepted because existing files set it.");
  key.set = [](std::string_view text, Config& config) {
    config.kafka.consumer.enable_auto_commit = false;
    return ParseSwitch(text) == false;
  };
  key.print = [](const Config& config) { return config.kafka.consumer.enable_auto_commit ? "true" : "false"; };
  return key;
}

Key Commented(Key key) {
  key.in_default_file = false;
  return key;
}

// DB_*: names that existing installations set; the file cannot hold them, and they are nobody's business.
Key Database(std::string_view environment, Key key) {
  key.environment = environment;
  key.in_file = false;
  key.public_value = false;
  return key;
}

Key Secret(Key key) {
  key.secret = true;
  key.public_value = false;
  return key;
}

Key Private(Key key) {
  key.public_value = false;
  return key;
}

Key BrokerAddress(Key key) {
  key.list = true;
  key.public_value = false;
  key.in_default_file = false;  // there it would choose the Kafka log
  return key;
}

std::vector<Key> ServiceKeys() {
  return {
      Text("service_id", FIELD(service_id), "The id of every answer's envelope.", std::string(kAnyText)),
      Text("api_version", FIELD(api_version), "The version of every answer's envelope.", std::string(kAnyText)),
      Text("data_dir", FIELD(data_dir),
           "The folder for all that is kept on this machine: spool/, and store/ when the store is embedded. Relative "
           "to the working directory.",
           "a path"),
      Roles(),
  };
}

std::vector<Key> HttpKeys() {
  return {
      HttpHost(),
      Number("http.port", FIELD(http.port), 0, 65'535, "The port to listen on; 0 takes any free one."),
      Computed("one for each core this process may use",
               Number("http.threads", FIELD(http.threads), 0, 256,
                      "Threads that serve connections; 0 means one for each core that CPU affinity and the control "
                      "group's quota leave to this process.")),
      Size("http.max_header_bytes", FIELD(http.max_header_bytes), kKiB, kMiB, "The longest request line and headers."),
      Size("http.max_body_bytes", FIELD(http.max_body_bytes), kKiB, kGiB / 2,
           "The largest request body, counted after decompression."),
      Number("http.max_connections", FIELD(http.max_connections), 1, 1'000'000, "Connections open at once."),
      Number("http.max_requests_in_flight", FIELD(http.max_requests_in_flight), 1, 1'000'000,
             "Requests taken in and not answered yet."),
      Number("http.header_timeout_ms", FIELD(http.header_timeout), 10, kHourMs,
             "How long a request's headers may take to arrive."),
      Number("http.body_timeout_ms", FIELD(http.body_timeout), 10, kHourMs,
             "How long a request's body may take to arrive."),
      Number("http.idle_timeout_ms", FIELD(http.idle_timeout), 10, 24 * kHourMs,
             "How long a connection may stay open between requests."),
      Commented(Text("http.tls_certificate_file", FIELD(http.tls_certificate_file),
                     "A PEM file with the certificate and its chain. With it and the key the port speaks TLS; both are "
                     "read again on SIGHUP.",
                     "a path, or empty for no TLS", Empty::kAllowed)),
      Commented(Text("http.tls_key_file", FIELD(http.tls_key_file), "A PEM file with the certificate's private key.",
                     "a path, or empty for no TLS", Empty::kAllowed)),
  };
}

std::vector<Key> IngestKeys() {
  return {
      Choice(
          "ingest.durability", FIELD(ingest.durability),
          std::vector<std::pair<std::string_view, Durability>>{{"queued", Durability::kQueued},
                                                               {"written", Durability::kWritten},
                                                               {"synced", Durability::kSynced},
                                                               {"replicated", Durability::kReplicated}},
          "Where an event must be before the 202: in the queue, in the operating system, on the disk, or on the disk "
          "and on Kafka's in-sync replicas (replicated needs the Kafka log)."),
      Number("ingest.replicated_timeout_ms", FIELD(ingest.replicated_timeout), 10, kHourMs,
             "With durability replicated: how long to wait for Kafka before answering 503."),
      Number("ingest.queue_max_size", FIELD(ingest.queue_max_size), 1, 10'000'000,
             "Events accepted and not yet written. A request that finds no room is answered 503."),
      Size("ingest.queue_max_bytes", FIELD(ingest.queue_max_bytes), kKiB, 64 * kGiB,
           "The same bound in bytes; whichever is reached first counts."),
      Number("ingest.max_batch_size", FIELD(ingest.max_batch_size), 1, 100'000, "Events in one batch request."),
      Size("ingest.max_event_bytes", FIELD(ingest.max_event_bytes), kKiB, 64 * kMiB,
           "One event as JSON. The default fits Kafka's default message limit."),
      Number("ingest.max_future_skew_seconds", FIELD(ingest.max_future_skew_seconds), 0, 31'536'000,
             "How far ahead of this machine's clock an event's time may be."),
  };
}

std::vector<Key> SpoolKeys() {
  return {
      Size("spool.max_bytes", FIELD(spool.max_bytes), 3 * kMiB, 64 * kTiB,
           "The disk budget of the spool. When it is full, requests are answered 503 until a reader has moved on."),
      Size("spool.segment_bytes", FIELD(spool.segment_bytes), kMiB, 4 * kGiB, "The size of one segment file."),
  };
}

std::vector<Key> BackendKeys() {
  return {
      Computed("kafka if kafka.bootstrap_servers is set, else embedded",
               Choice("log.backend", FIELD(log_backend),
                      std::vector<std::pair<std::string_view, LogBackend>>{{"embedded", LogBackend::kEmbedded},
                                                                           {"kafka", LogBackend::kKafka}},
                      "Where accepted events wait for the store: the local spool alone, or Kafka behind it.")),
      Computed("postgres if DB_HOST is set, else sqlite",
               Choice("store.backend", FIELD(store_backend),
                      std::vector<std::pair<std::string_view, StoreBackend>>{{"sqlite", StoreBackend::kSqlite},
                                                                             {"postgres", StoreBackend::kPostgres}},
                      "Where events are stored for good.")),
  };
}

std::vector<Key> DatabaseKeys() {
  return {
      Database("DB_HOST", Text("database.host", FIELD(database.host), "The PostgreSQL server.", "a host name")),
      Database("DB_PORT", Number("database.port", FIELD(database.port), 1, 65'535, "Its port.")),
      Database("DB_NAME", Text("database.name", FIELD(database.name), "The database.", std::string(kAnyText))),
      Database("DB_USER", Text("database.user", FIELD(database.user), "The role to log in as.", std::string(kAnyText))),
      Database("DB_PASSWORD", Secret(Text("database.password", FIELD(database.password), "Its password.",
                                          "text of one line", Empty::kAllowed))),
      Number("database.partition_pre_create_months", FIELD(database.partition_pre_create_months), 1, 120,
             "Months that are prepared, the current one among them."),
      Number("database.partition_retention_months", FIELD(database.partition_retention_months), 0, 1'200,
             "Months that are kept; older ones are dropped whole, and events from then are refused. 0 keeps for ever."),
      Number("database.partition_check_interval_seconds", FIELD(database.partition_check_interval), 1, 86'400,
             "How often months are prepared and dropped."),
      Choice("database.sub_partition", FIELD(database.sub_partition),
             std::vector<std::pair<std::string_view, SubPartition>>{{"none", SubPartition::kNone},
                                                                    {"day", SubPartition::kDay}},
             "PostgreSQL: whether new months are split by day, for millions of events a month. See docs/postgres.md "
             "before."),
      Number("database.writers", FIELD(database.writers), 1, 64,
             "PostgreSQL: connections that write at once; the order of each key is kept."),
      WordChoice("database.ssl_mode", FIELD(database.ssl_mode),
                 {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
                 "PostgreSQL: as libpq's sslmode."),
      Commented(Text("database.ssl_root_certificate_file", FIELD(database.ssl_root_certificate_file),
                     "PostgreSQL: the certificates that its own is checked against, PEM.", "a path, or empty",
                     Empty::kAllowed)),
      Number("database.connect_timeout_ms", FIELD(database.connect_timeout), 100, kHourMs,
             "PostgreSQL: how long a connection may take to come about."),
      Number("database.statement_timeout_ms", FIELD(database.statement_timeout), 100, kHourMs,
             "PostgreSQL: how long one statement may take before the batch is tried again."),
      Number("database.lock_timeout_ms", FIELD(database.lock_timeout), 10, kHourMs,
             "PostgreSQL: how long a statement may wait for a lock."),
  };
}

std::vector<Key> PersistKeys() {
  return {
      Number("persist.batch_max_records", FIELD(persist.batch_max_records), 1, 100'000,
             "Events in one transaction of the store, with the embedded log."),
      Number("persist.flush_interval_ms", FIELD(persist.flush_interval), 0, 60'000,
             "The least time between two small batches, with the embedded log: a transaction a moment instead of one "
             "an event."),
  };
}

std::vector<Key> KafkaKeys() {
  return {
      BrokerAddress(Text("kafka.bootstrap_servers", FIELD(kafka.bootstrap_servers),
                         "Brokers to begin with, separated by commas. Set, it chooses the Kafka log (log.backend).",
                         "host:port, or several separated by commas")),
      Text("kafka.topic", FIELD(kafka.topic), "The topic of the events.", std::string(kAnyText)),
      Text("kafka.dlq_topic", FIELD(kafka.dlq_topic), "The topic of the dead letters.", std::string(kAnyText)),
      Text("kafka.client_id", FIELD(kafka.client_id), "The name this client gives itself.", std::string(kAnyText)),
      Text("kafka.consumer_group", FIELD(kafka.consumer_group), "The group whose members share the partitions.",
           std::string(kAnyText)),
      WordChoice("kafka.producer.acks", FIELD(kafka.producer.acks), {"all", "-1", "0", "1"},
                 "Accepted because existing files set it; all is used whatever it says, because less would lose events "
                 "that were accepted."),
      Number("kafka.producer.linger_ms", FIELD(kafka.producer.linger_ms), 0, 60'000,
             "How long a message may wait for others."),
      WordChoice("kafka.producer.compression_type", FIELD(kafka.producer.compression_type),
                 {"lz4", "gzip", "zstd", "snappy", "none"},
                 "Compression of the messages. The Python service reads gzip alone: keep that while it may come back."),
      Size("kafka.producer.max_batch_size", FIELD(kafka.producer.max_batch_size), kKiB, 100 * kMiB,
           "The largest batch of messages."),
      Number("kafka.consumer.batch_max_records", FIELD(kafka.consumer.batch_max_records), 1, 100'000,
             "Events in one transaction of the store, with the Kafka log."),
      Number("kafka.consumer.flush_interval_ms", FIELD(kafka.consumer.flush_interval), 0, 60'000,
             "The same with the Kafka log."),
      WordChoice("kafka.consumer.auto_offset_reset", FIELD(kafka.consumer.auto_offset_reset), {"earliest", "latest"},
                 "Where a group without committed offsets begins."),
      WordChoice("kafka.consumer.assignment_strategy", FIELD(kafka.consumer.assignment_strategy),
                 {"roundrobin", "range", "cooperative-sticky"},
                 "How the group shares the partitions. Replicas of the Python service speak roundrobin alone."),
      Commented(Text("kafka.consumer.group_instance_id", FIELD(kafka.consumer.group_instance_id),
                     "A name of this member that stays over restarts, each member its own: a restart shorter than the "
                     "session time-out then costs no rebalance.",
                     "text of one line, or empty", Empty::kAllowed)),
      EnableAutoCommit(),
      WordChoice("kafka.security.protocol", FIELD(kafka.security.protocol),
                 {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}, "How to talk to the brokers."),
      WordChoice("kafka.security.sasl_mechanism", FIELD(kafka.security.sasl_mechanism),
                 {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, "With a sasl_ protocol: how to log in."),
      Private(Commented(Text("kafka.security.username", FIELD(kafka.security.username), "With a sasl_ protocol.",
                             "text of one line, or empty", Empty::kAllowed))),
      Secret(Commented(Text("kafka.security.password", FIELD(kafka.security.password), "With a sasl_ protocol.",
                            "text of one line, or empty", Empty::kAllowed))),
      Commented(Text("kafka.security.ca_file", FIELD(kafka.security.ca_file),
                     "With an ssl protocol: the certificates that the brokers' are checked against, PEM; empty: those "
                     "of the system.",
                     "a path, or empty", Empty::kAllowed)),
      Commented(Text("kafka.security.certificate_file", FIELD(kafka.security.certificate_file),
                     "With an ssl protocol: this client's certificate, PEM.", "a path, or empty", Empty::kAllowed)),
      Commented(Text("kafka.security.key_file", FIELD(kafka.security.key_file), "Its private key, PEM.",
                     "a path, or empty", Empty::kAllowed)),
      Secret(Commented(Text("kafka.security.key_password", FIELD(kafka.security.key_password),
                            "What the private key is encrypted with.", "text of one line, or empty", Empty::kAllowed))),
      Number("kafka.topics.partitions", FIELD(kafka.topics.partitions), 1, 10'000,
             "Partitions of a topic that is made; one that has fewer gets more, none ever fewer."),
      Number("kafka.topics.replication_factor", FIELD(kafka.topics.replication_factor), 1, 100,
             "Replicas of a topic that is made."),
      Number("kafka.topics.retention_ms", FIELD(kafka.topics.retention_ms), 60'000, 31'536'000'000'000,
             "How long a topic that is made keeps its messages."),
      WordChoice("kafka.topics.compression_type", FIELD(kafka.topics.compression_type),
                 {"producer", "lz4", "gzip", "zstd", "snappy", "uncompressed"},
                 "Compression of a topic that is made; producer keeps what was sent."),
  };
}

std::vector<Key> OperationKeys() {
  return {
      WordChoice("logging.level", FIELD(logging.level), {"debug", "info", "warn", "error"},
                 "The least that is logged."),
      WordChoice("logging.format", FIELD(logging.format), {"json", "text"}, "JSON objects, or text for people."),
      Number(
          "shutdown.grace_seconds", FIELD(shutdown_grace), 0, 3'600,
          "How long a stop may take to finish requests and to hand on what the spool holds. Nothing accepted is lost "
          "when it ends early."),
  };
}

std::vector<Key> AllKeys() {
  std::vector<Key> all;
  for (const auto& part : {ServiceKeys, HttpKeys, IngestKeys, SpoolKeys, BackendKeys, PersistKeys, DatabaseKeys,
                           KafkaKeys, OperationKeys}) {
    for (Key& key : part()) all.push_back(std::move(key));
  }
  return all;
}

}  // namespace

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys = AllKeys();
  return keys;
}

const std::vector<Section>& Sections() {
  static const std::vector<Section> sections{
      {"", "The service"},
      {"http", "Connections, limits and time-outs"},
      {"ingest", "What is accepted, and when"},
      {"spool", "The log on this machine's disk"},
      {"log", "The log that events go through"},
      {"store", "The store that events end in"},
      {"persist", "From the log to the store"},
      {"database", "The store's months, and PostgreSQL"},
      {"kafka", "Kafka"},
      {"kafka.producer", "Publishing"},
      {"kafka.consumer", "Consuming"},
      {"kafka.security", "Logging in to the brokers"},
      {"kafka.topics", "Topics that are missing"},
      {kKafkaProperties, "Any setting of librdkafka, by its own name"},
      {"logging", "Operational events, on stderr"},
      {"shutdown", "The end of the process"},
  };
  return sections;
}

}  // namespace audit::config
