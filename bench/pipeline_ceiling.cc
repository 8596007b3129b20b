// What the two ends of the pipeline can do with the events of a topic: a bare producer loop that sends the same
// messages to another topic, and a plain COPY BINARY of the same rows into a table of the same kind. run.py has the
// service do both, in turns with this.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bare_producer.h"
#include "env/clock.h"
#include "event/parser.h"
#include "failing_observer.h"
#include "kafka/kafka_source.h"
#include "plain_copy.h"
#include "store/postgres/postgres_audit_store.h"
#include "store/postgres/schema.h"

namespace {

using std::chrono::steady_clock;

struct Flags {
  std::string bootstrap;
  std::string topic;
  std::string publish_to;  // empty: nothing is published
  std::string copy_into;   // a database on the server; empty: nothing is copied
  std::size_t events = 0;
  std::size_t batch = 2'000;
  int connections = 2;
};

struct Message {
  std::string key;
  std::string value;  // with the parser's padding behind it
  std::size_t value_bytes = 0;
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "pipeline_ceiling: %s\n", message.c_str());
  std::exit(1);
}

std::vector<Message> ReadTopic(const Flags& flags) {
  audit::bench::FailingObserver observer;
  audit::kafka::SourceOptions from;
  from.connection.bootstrap_servers = flags.bootstrap;
  from.topic = flags.topic;
  from.group = "ceiling-" + std::to_string(steady_clock::now().time_since_epoch().count());
  auto source = audit::kafka::KafkaSource::Open(from, audit::env::SystemClock(), observer, [] {});
  if (!source) Fail(source.error().message());
  std::vector<Message> messages;
  messages.reserve(flags.events);
  const auto deadline = steady_clock::now() + std::chrono::minutes(2);
  while (messages.size() < flags.events) {
    auto fetched = (*source)->Fetch(10'000, 8U << 20);
    if (!fetched) Fail(fetched.error().message());
    for (const auto& event : *fetched) {
      messages.push_back({.key = std::string(event.key.value_or("")),
                          .value = std::string(event.value).append(audit::event::kPadding, '\0'),
                          .value_bytes = event.value.size()});
    }
    if (auto committed = (*source)->Commit(); !committed) Fail(committed.error().message());
    if (steady_clock::now() > deadline) Fail("the topic has not so many events");
  }
  return messages;
}

double CopyRate(const Flags& flags, std::vector<Message>& messages) {
  audit::store::PostgresOptions server = audit::bench::TestServer();
  {
    audit::bench::PlainConnection connection(server);
    connection.Run("DROP DATABASE IF EXISTS " + flags.copy_into);
    connection.Run("CREATE DATABASE " + flags.copy_into);
  }
  server.name = flags.copy_into;
  if (auto made = audit::store::EnsurePostgresSchema(server); !made) Fail(made.error().message());
  audit::store::PostgresAuditStore months(server, audit::env::SystemClock());
  if (auto made = months.MaintainPartitions(audit::env::SystemClock().Now(), 1, 0); !made) Fail(made.error().message());
  std::vector<std::vector<std::string>> batches;
  for (std::size_t first = 0; first < messages.size(); first += flags.batch) {
    // A parser a batch: the records show the messages and what their parser keeps.
    std::vector<std::unique_ptr<audit::event::Parser>> parsers;
    std::vector<audit::event::Record> records;
    for (std::size_t i = first; i < std::min(messages.size(), first + flags.batch); ++i) {
      parsers.push_back(std::make_unique<audit::event::Parser>(audit::event::Limits{}, [] { return 0U; }));
      audit::event::Record record;
      const Message& message = messages[i];
      if (!parsers.back()->Read(std::string_view(message.value.data(), message.value_bytes), &record)) {
        Fail("an event that cannot be read");
      }
      records.push_back(record);
    }
    batches.push_back(audit::bench::EncodeCopies(records, flags.connections));
  }
  messages.clear();
  audit::bench::PlainWriter writer(server, flags.connections);
  const auto began = steady_clock::now();
  for (const auto& copies : batches) writer.Write(copies);
  const std::chrono::duration<double> took = steady_clock::now() - began;
  return static_cast<double>(flags.events) / took.count();
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("What a bare producer and a plain COPY do with the events of a topic");
  app.add_option("--bootstrap", flags.bootstrap)->required();
  app.add_option("--topic", flags.topic)->required();
  app.add_option("--events", flags.events, "So many, from the start of the topic")->required();
  app.add_option("--publish-to", flags.publish_to, "A topic that exists");
  app.add_option("--copy-into", flags.copy_into, "A database, made anew, on the server of AUDIT_TEST_POSTGRES_*");
  app.add_option("--batch", flags.batch, "Rows of one COPY on all connections together");
  app.add_option("--connections", flags.connections);
  CLI11_PARSE(app, argc, argv);

  std::vector<Message> messages = ReadTopic(flags);
  messages.resize(flags.events);
  double published = 0;
  double copied = 0;
  if (!flags.publish_to.empty()) {
    published = audit::bench::PublishBare(
        {.bootstrap = flags.bootstrap, .topic = flags.publish_to, .count = messages.size()},
        [&](std::size_t i) -> audit::bench::BareMessage {
          return {.key = messages[i].key, .value = {messages[i].value.data(), messages[i].value_bytes}};
        });
  }
  if (!flags.copy_into.empty()) copied = CopyRate(flags, messages);
  std::printf(R"({"published_per_second": %.0f, "copied_per_second": %.0f})"
              "\n",
              published, copied);
  return 0;
}
