#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.h"

namespace audit::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Runs in an empty directory, because Load looks for config/default.yaml in the working directory.
class LoadTest : public ::testing::Test {
 protected:
  LoadTest() : before_(std::filesystem::current_path()) {
    std::string name = ::testing::TempDir() + "/config_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::filesystem::current_path(directory_);
  }
  ~LoadTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }
  LoadTest(const LoadTest&) = delete;
  LoadTest& operator=(const LoadTest&) = delete;

  // What stands under audit_manager:, in a file.
  static std::string File(const std::string& members, const std::string& name = "file.yaml") {
    std::ofstream(name) << "audit_manager:\n" << members;
    return name;
  }

  static Loaded Loads(const Environment& environment, const std::optional<std::string>& file = {},
                      const std::map<std::string, std::string>& overrides = {}) {
    Result<Loaded> loaded = Load(environment, file, overrides);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message();
    return loaded.ok() ? *std::move(loaded) : Loaded{};
  }

  static std::string Refusal(const Environment& environment, const std::optional<std::string>& file = {},
                             const std::map<std::string, std::string>& overrides = {}) {
    const Result<Loaded> loaded = Load(environment, file, overrides);
    EXPECT_FALSE(loaded.ok());
    const std::string message = loaded.ok() ? "accepted" : loaded.error().message();
    EXPECT_THAT(message, Not(HasSubstr("\n")));
    return message;
  }

  static std::string RefusalOfFile(const std::string& members) { return Refusal({}, File(members)); }

  static Setting Of(const Loaded& loaded, const std::string& key) {
    for (const Setting& setting : loaded.settings) {
      if (setting.key == key) return setting;
    }
    ADD_FAILURE() << "no setting " << key;
    return {};
  }

 private:
  std::filesystem::path before_;
  std::filesystem::path directory_;
};

TEST_F(LoadTest, NothingSetGivesTheEmbeddedServiceOnTheLoopback) {
  const Loaded loaded = Loads({});
  EXPECT_EQ(loaded.config.http.host, "127.0.0.1");
  EXPECT_EQ(loaded.config.http.port, 8000);
  EXPECT_GE(loaded.config.http.threads, 1U);
  EXPECT_EQ(loaded.config.log_backend, LogBackend::kEmbedded);
  EXPECT_EQ(loaded.config.store_backend, StoreBackend::kSqlite);
  EXPECT_EQ(loaded.config.ingest.durability, Durability::kSynced);
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.file, "");
}

TEST_F(LoadTest, CommandLineOverEnvironmentOverFileOverDefault) {
  const std::string file = File("  http: {port: 1, threads: 2, max_connections: 3}\n");
  const Environment environment{{"AUDIT_MANAGER__HTTP__PORT", "11"}, {"AUDIT_MANAGER__HTTP__THREADS", "12"}};
  const Loaded loaded = Loads(environment, file, {{"http.port", "21"}});
  EXPECT_EQ(loaded.config.http.port, 21);
  EXPECT_EQ(loaded.config.http.threads, 12U);
  EXPECT_EQ(loaded.config.http.max_connections, 3U);
  EXPECT_EQ(Of(loaded, "http.port").origin, Origin::kCommandLine);
  EXPECT_EQ(Of(loaded, "http.threads").origin, Origin::kEnvironment);
  EXPECT_EQ(Of(loaded, "http.max_connections").origin, Origin::kFile);
  EXPECT_EQ(Of(loaded, "http.host").origin, Origin::kDefault);
  EXPECT_EQ(loaded.file, file);
}

TEST_F(LoadTest, TheFileIsTheOneNamedOrConfigPathOrTheDefaultOne) {
  std::filesystem::create_directory("config");
  File("  http: {port: 1}\n", "config/default.yaml");
  File("  http: {port: 2}\n", "path.yaml");
  File("  http: {port: 3}\n", "named.yaml");
  EXPECT_EQ(Loads({}).config.http.port, 1);
  EXPECT_EQ(Loads({{"CONFIG_PATH", ""}}).config.http.port, 1);
  EXPECT_EQ(Loads({{"CONFIG_PATH", "path.yaml"}}).config.http.port, 2);
  EXPECT_EQ(Loads({{"CONFIG_PATH", "path.yaml"}}, "named.yaml").config.http.port, 3);
  EXPECT_EQ(Refusal({{"CONFIG_PATH", "gone.yaml"}}), "configuration file gone.yaml: No such file or directory");
}

TEST_F(LoadTest, DurationsAndSizesHaveUnits) {
  const Loaded loaded = Loads({}, File("  http: {idle_timeout_ms: 1500, max_body_bytes: 8 MiB}\n"
                                       "  shutdown: {grace_seconds: 7}\n"));
  EXPECT_EQ(loaded.config.http.idle_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(loaded.config.http.max_body_bytes, 8U << 20U);
  EXPECT_EQ(loaded.config.shutdown_grace, std::chrono::seconds(7));
  EXPECT_EQ(Of(loaded, "http.max_body_bytes").value, "8 MiB");
}

TEST_F(LoadTest, BackEndsFollowWhatIsConfigured) {
  const Loaded kafka = Loads({{"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS", "k:9092"}});
  EXPECT_EQ(kafka.config.log_backend, LogBackend::kKafka);
  EXPECT_EQ(kafka.config.store_backend, StoreBackend::kSqlite);
  EXPECT_EQ(kafka.config.http.host, "0.0.0.0");
  const Loaded file = Loads({}, File("  kafka: {bootstrap_servers: [a:1, b:2]}\n"));
  EXPECT_EQ(file.config.log_backend, LogBackend::kKafka);
  EXPECT_EQ(file.config.kafka.bootstrap_servers, "a:1,b:2");
  const Loaded postgres = Loads({{"DB_HOST", "db"}});
  EXPECT_EQ(postgres.config.store_backend, StoreBackend::kPostgres);
  EXPECT_EQ(postgres.config.http.host, "0.0.0.0");
}

TEST_F(LoadTest, ABackEndThatIsNamedIsTheOne) {
  const Loaded loaded = Loads({{"DB_HOST", "db"},
                               {"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS", "k:9092"},
                               {"AUDIT_MANAGER__LOG__BACKEND", "embedded"},
                               {"AUDIT_MANAGER__STORE__BACKEND", "sqlite"}});
  EXPECT_EQ(loaded.config.log_backend, LogBackend::kEmbedded);
  EXPECT_EQ(loaded.config.store_backend, StoreBackend::kSqlite);
  EXPECT_EQ(loaded.config.http.host, "127.0.0.1");
}

TEST_F(LoadTest, AnEmptyVariableIsNotSet) {
  const Loaded loaded = Loads({{"DB_HOST", ""},
                               {"DB_PORT", ""},
                               {"AUDIT_MANAGER__KAFKA__BOOTSTRAP_SERVERS", ""},
                               {"AUDIT_MANAGER__HTTP__PORT", ""}});
  EXPECT_EQ(loaded.config.log_backend, LogBackend::kEmbedded);
  EXPECT_EQ(loaded.config.store_backend, StoreBackend::kSqlite);
  EXPECT_EQ(Of(loaded, "http.port").origin, Origin::kDefault);
}

TEST_F(LoadTest, RolesAreAListOfWords) {
  const Loaded file = Loads({}, File("  roles: [ingest, maintain]\n"));
  EXPECT_TRUE(file.config.role_ingest);
  EXPECT_FALSE(file.config.role_persist);
  EXPECT_EQ(Of(file, "roles").value, "ingest,maintain");
  EXPECT_FALSE(Loads({{"AUDIT_MANAGER__ROLES", "persist, maintain"}}).config.role_ingest);
  EXPECT_EQ(
      Refusal({}, {}, {{"roles", "ingest,cook"}}),
      "command line: roles is \"ingest,cook\", allowed: ingest, persist and maintain, each at most once, separated "
      "by commas");
  EXPECT_THAT(Refusal({}, {}, {{"roles", "ingest,ingest"}}), StartsWith("command line: roles is"));
  EXPECT_THAT(RefusalOfFile("  roles: []\n"), StartsWith("file.yaml:2: audit_manager.roles is \"\""));
}

TEST_F(LoadTest, TheFileOfAPythonInstallationIsTakenAsItIs) {
  const Loaded loaded =
      Loads({{"DB_HOST", "commons-postgresql"}, {"DB_PASSWORD", "s3cret"}},
            File("  service_id: openg2p.auditmanager\n"
                 "  api_version: \"1.0\"\n"
                 "  ingest: {queue_max_size: 10000, max_batch_size: 500}\n"
                 "  kafka:\n"
                 "    bootstrap_servers: kafka:9092\n"
                 "    topic: openg2p.audit.events\n"
                 "    dlq_topic: openg2p.audit.dlq\n"
                 "    client_id: openg2p-audit-manager\n"
                 "    consumer_group: openg2p-audit-consumer\n"
                 "    producer: {acks: \"1\", linger_ms: 50, compression_type: gzip, max_batch_size: 524288}\n"
                 "    consumer:\n"
                 "      batch_max_records: 500\n"
                 "      flush_interval_ms: 1000\n"
                 "      auto_offset_reset: earliest\n"
                 "      enable_auto_commit: false\n"
                 "  database:\n"
                 "    partition_pre_create_months: 3\n"
                 "    partition_retention_months: 84\n"
                 "    partition_check_interval_seconds: 3600\n"));
  EXPECT_EQ(loaded.config.log_backend, LogBackend::kKafka);
  EXPECT_EQ(loaded.config.store_backend, StoreBackend::kPostgres);
  EXPECT_EQ(loaded.config.kafka.producer.linger_ms, 50);
  EXPECT_EQ(loaded.config.kafka.producer.compression_type, "gzip");
  EXPECT_EQ(loaded.config.kafka.consumer.batch_max_records, 500U);
  EXPECT_EQ(loaded.config.kafka.consumer.flush_interval, std::chrono::milliseconds(1000));
  EXPECT_EQ(loaded.config.database.password, "s3cret");
  EXPECT_THAT(loaded.warnings,
              ElementsAre("kafka.producer.acks is 1: all is used, because less could lose events that were accepted",
                          "these settings cost throughput: kafka.consumer.batch_max_records is 500 (default 2000), "
                          "kafka.producer.linger_ms is 50 (default 5)"));
}

TEST_F(LoadTest, AutoCommitIsRefusedWithTheReason) {
  EXPECT_THAT(
      RefusalOfFile("  kafka: {consumer: {enable_auto_commit: true}}\n"),
      HasSubstr("enable_auto_commit is \"true\", allowed: false (offsets move only after the store has committed"));
}

TEST_F(LoadTest, AValueOutOfRangeIsNamedWithItsPlaceAndWhatIsAllowed) {
  EXPECT_EQ(RefusalOfFile("  http:\n    port: 65536\n"),
            "file.yaml:3: audit_manager.http.port is \"65536\", allowed: 0 to 65535");
  EXPECT_EQ(Refusal({{"AUDIT_MANAGER__HTTP__PORT", "eighty"}}),
            "environment: AUDIT_MANAGER__HTTP__PORT is \"eighty\", allowed: 0 to 65535");
  EXPECT_EQ(Refusal({{"AUDIT_MANAGER__KAFKA__CONSUMER__AUTO_OFFSET_RESET", "none"}}),
            "environment: AUDIT_MANAGER__KAFKA__CONSUMER__AUTO_OFFSET_RESET is \"none\", allowed: earliest or latest");
  EXPECT_EQ(
      Refusal({{"AUDIT_MANAGER__INGEST__DURABILITY", "Synced"}}),
      "environment: AUDIT_MANAGER__INGEST__DURABILITY is \"Synced\", allowed: queued, written, synced or replicated");
  EXPECT_EQ(Refusal({}, {}, {{"http.max_body_bytes", "16 M"}}),
            "command line: http.max_body_bytes is \"16 M\", allowed: 1 KiB to 512 MiB");
  EXPECT_EQ(RefusalOfFile("  kafka: {topic: \"\"}\n"),
            "file.yaml:2: audit_manager.kafka.topic is \"\", allowed: text of one line, not empty");
}

TEST_F(LoadTest, ABadValueIsRefusedEvenWhereAnotherOverridesIt) {
  EXPECT_THAT(Refusal({{"AUDIT_MANAGER__HTTP__PORT", "1"}}, File("  http: {port: x}\n")),
              HasSubstr("http.port is \"x\""));
}

TEST_F(LoadTest, AnUnknownKeyIsNamedWithTheOneThatWasMeant) {
  EXPECT_EQ(
      RefusalOfFile("  http:\n    prot: 80\n"),
      "file.yaml:3: audit_manager.http.prot (\"80\") is not known; did you mean audit_manager.http.port? Allowed in "
      "http: host, port, threads, max_header_bytes, max_body_bytes, max_connections, max_requests_in_flight, "
      "header_timeout_ms, body_timeout_ms, idle_timeout_ms, tls_certificate_file, tls_key_file");
  EXPECT_THAT(RefusalOfFile("  ingest: {max_body_bytes: 1}\n"),
              HasSubstr("did you mean audit_manager.http.max_body_bytes?"));
  EXPECT_EQ(RefusalOfFile("  xyzzy: 1\n"),
            "file.yaml:2: audit_manager.xyzzy (\"1\") is not known; allowed there: service_id, api_version, data_dir, "
            "roles, http, ingest, spool, log, store, persist, database, kafka, logging, shutdown");
  EXPECT_THAT(Refusal({{"AUDIT_MANAGER__KAFKA__DQL_TOPIC", "x"}}),
              AllOf(StartsWith("environment: AUDIT_MANAGER__KAFKA__DQL_TOPIC (\"x\") is not known"),
                    HasSubstr("did you mean AUDIT_MANAGER__KAFKA__DLQ_TOPIC?")));
}

TEST_F(LoadTest, AWrongShapeIsNamed) {
  EXPECT_THAT(RefusalOfFile("  http: 8000\n"),
              StartsWith("file.yaml:2: audit_manager.http is \"8000\", but it is a section with: host, port"));
  EXPECT_THAT(RefusalOfFile("  http: {port: [1, 2]}\n"), HasSubstr("http.port is \"1,2\", allowed: 0 to 65535"));
  EXPECT_THAT(RefusalOfFile("  http: {port: {a: 1}}\n"),
              HasSubstr("audit_manager.http.port.a lies in http.port, which is one value: 0 to 65535"));
  EXPECT_THAT(Refusal({{"AUDIT_MANAGER__KAFKA", "{}"}}),
              HasSubstr("AUDIT_MANAGER__KAFKA is \"{}\", but it is a section with: bootstrap_servers"));
}

TEST_F(LoadTest, AKeyWithoutAValueLeavesTheDefault) {
  const Loaded loaded = Loads({}, File("  kafka:\n  http:\n    port:\n    tls_key_file: ~\n"));
  EXPECT_EQ(loaded.config.http.port, 8000);
  EXPECT_EQ(loaded.config.log_backend, LogBackend::kEmbedded);
}

TEST_F(LoadTest, SettingsOfLibrdkafkaAreKeptAsTheyAre) {
  const Loaded loaded = Loads(
      {{"AUDIT_MANAGER__KAFKA__PROPERTIES__SSL_CA_LOCATION", "/ca.pem"},
       {"AUDIT_MANAGER__KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2"}},
      File("  kafka:\n    properties:\n      socket.keepalive.enable: true\n      ssl.ca.location: /other.pem\n"));
  EXPECT_THAT(loaded.config.kafka.properties, testing::ElementsAre(testing::Pair("sasl.password", "hunter2"),
                                                                   testing::Pair("socket.keepalive.enable", "true"),
                                                                   testing::Pair("ssl.ca.location", "/ca.pem")));
  std::map<std::string, std::string> shown;
  for (const Setting& setting : loaded.settings) {
    if (!setting.key.starts_with("kafka.properties.")) continue;
    EXPECT_FALSE(setting.public_value) << setting.key;
    shown[setting.key] = setting.value;
  }
  EXPECT_EQ(shown["kafka.properties.sasl.password"], "********");
  EXPECT_EQ(shown["kafka.properties.ssl.ca.location"], "/ca.pem");
  EXPECT_EQ(shown.size(), 3U);
}

TEST_F(LoadTest, OnlyTwoUnderscoresAreOurs) {
  const Loaded loaded = Loads({{"AUDIT_MANAGER_PORT", "tcp://10.0.0.1:80"},
                               {"AUDIT_MANAGER_PORT_80_TCP_ADDR", "10.0.0.1"},
                               {"AUDIT_MANAGER_SERVICE_HOST", "10.0.0.1"},
                               {"AUDIT_MANAGER_HTTP_PORT", "9"}});
  EXPECT_EQ(loaded.config.http.port, 8000);
  EXPECT_THAT(loaded.warnings,
              ElementsAre("AUDIT_MANAGER_HTTP_PORT is ignored; AUDIT_MANAGER__HTTP__PORT would be read"));
}

TEST_F(LoadTest, TheCaseOfAVariableDoesNotMatterButTwoSpellingsDo) {
  EXPECT_EQ(Loads({{"audit_manager__http__port", "9"}}).config.http.port, 9);
  EXPECT_EQ(Refusal({{"audit_manager__http__port", "9"}, {"AUDIT_MANAGER__HTTP__PORT", "10"}}),
            "environment: audit_manager__http__port and AUDIT_MANAGER__HTTP__PORT are both set; keep one");
}

TEST_F(LoadTest, WhatKubernetesSaysOfAServiceCalledDbIsIgnoredWithAWarning) {
  const Loaded loaded = Loads({{"DB_HOST", "db"}, {"DB_PORT", "tcp://10.0.0.1:5432"}, {"DB_SERVICE_HOST", "10.0.0.1"}});
  EXPECT_EQ(loaded.config.database.port, 5432);
  EXPECT_EQ(loaded.config.database.host, "db");
  EXPECT_THAT(loaded.warnings,
              ElementsAre(StartsWith("DB_PORT=\"tcp://10.0.0.1:5432\" is ignored: Kubernetes put it")));
  EXPECT_EQ(Refusal({{"DB_PORT", "x"}}), "environment: DB_PORT is \"x\", allowed: 1 to 65535");
}

TEST_F(LoadTest, VariablesOfThePythonServersAreIgnoredWithAWarningEach) {
  const Loaded loaded = Loads({{"UVICORN_WORKERS", "4"}, {"UVICORN_HOST", "0.0.0.0"}});
  EXPECT_EQ(loaded.warnings.size(), 2U);
  EXPECT_THAT(loaded.warnings[0], StartsWith("UVICORN_HOST is ignored"));
}

TEST_F(LoadTest, ASecretIsNowhere) {
  const std::string secret = "hunter2";
  const Loaded loaded = Loads({{"DB_PASSWORD", secret}});
  EXPECT_EQ(loaded.config.database.password, secret);
  EXPECT_EQ(Of(loaded, "database.password").value, "********");
  EXPECT_FALSE(Of(loaded, "database.password").public_value);
  EXPECT_EQ(Of(Loads({}), "database.password").value, "");
  EXPECT_THAT(Refusal({{"DB_PASSWORD", secret + "\n"}}), Not(HasSubstr(secret)));
  EXPECT_THAT(Refusal({{"AUDIT_MANAGER__DATABASE__PASSWORD", secret}}),
              AllOf(Not(HasSubstr(secret)), HasSubstr("set DB_PASSWORD in the environment")));
  EXPECT_THAT(RefusalOfFile("  database: {password: " + secret + "}\n"),
              AllOf(Not(HasSubstr(secret)), HasSubstr("set DB_PASSWORD in the environment")));
  EXPECT_THAT(RefusalOfFile("  database: {pasword: " + secret + "}\n"), Not(HasSubstr(secret)));
  EXPECT_THAT(Refusal({{"AUDIT_MANAGER__DATABASE__PSSWORD", secret}}), Not(HasSubstr(secret)));
  EXPECT_THAT(RefusalOfFile("  kafka: {sasl_pasword: x, sasl_secret: " + secret + "}\n"), Not(HasSubstr(secret)));
}

TEST_F(LoadTest, NoBrokerOrDatabaseAddressIsPublic) {
  const Loaded loaded = Loads({});
  for (const char* key : {"kafka.bootstrap_servers", "database.host", "database.user", "database.name"}) {
    EXPECT_FALSE(Of(loaded, key).public_value) << key;
  }
  EXPECT_TRUE(Of(loaded, "kafka.topic").public_value);
}

TEST_F(LoadTest, SettingsThatCannotStandTogetherAreNamedBoth) {
  EXPECT_EQ(
      RefusalOfFile("  ingest: {max_event_bytes: 20 MiB}\n"),
      "ingest.max_event_bytes is 20 MiB and http.max_body_bytes is 16 MiB: an event must fit into a request body");
  EXPECT_EQ(
      RefusalOfFile("  spool: {segment_bytes: 16 MiB}\n"),
      "http.max_body_bytes is 16 MiB and spool.segment_bytes is 16 MiB: a segment must hold the largest request at "
      "least twice");
  EXPECT_EQ(RefusalOfFile("  spool: {max_bytes: 128 MiB}\n"),
            "spool.max_bytes is 128 MiB and spool.segment_bytes is 64 MiB: the spool must hold three segments");
  EXPECT_EQ(RefusalOfFile("  ingest: {durability: replicated}\n"),
            "ingest.durability is replicated and log.backend is embedded: replicated needs log.backend kafka");
  EXPECT_EQ(RefusalOfFile("  http: {tls_key_file: key.pem}\n"),
            "http.tls_certificate_file is \"\" and http.tls_key_file is \"key.pem\": TLS needs both, or neither");
}

TEST_F(LoadTest, TheAddressToListenOnIsAnAddress) {
  EXPECT_EQ(Loads({{"AUDIT_MANAGER__HTTP__HOST", "::1"}}).config.http.host, "::1");
  EXPECT_EQ(Refusal({{"AUDIT_MANAGER__HTTP__HOST", "localhost"}}),
            "environment: AUDIT_MANAGER__HTTP__HOST is \"localhost\", allowed: an IPv4 or IPv6 address");
}

TEST_F(LoadTest, KafkaSettingsAreNotCriticisedWithoutKafka) {
  EXPECT_THAT(Loads({}, File("  kafka: {producer: {acks: 0, linger_ms: 50}}\n")).warnings, IsEmpty());
}

}  // namespace
}  // namespace audit::config
