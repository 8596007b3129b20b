// The rate of PostgresAuditStore::Write beside the server's own ceiling: a plain COPY BINARY of the same rows
// into a table of the same columns, partitions and indexes in another database, over as many connections and in
// batches of the same size. The two take turns batch by batch, so that a machine that gets slower slows both, and
// begin each round with an empty table. Rows are made, and those of the plain COPY encoded, before the clock starts.
//
// The server is the one that AUDIT_TEST_POSTGRES_* names: tests/servers/postgres.py run --fsync store_bench
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "env/clock.h"
#include "env/random.h"
#include "plain_copy.h"
#include "store/postgres/postgres_audit_store.h"
#include "store/postgres/schema.h"

namespace {

using audit::bench::PlainConnection;
using audit::bench::PlainWriter;
using audit::event::Record;
using audit::store::PostgresOptions;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t kStart = 1'795'478'400'000'000;  // 2026-11-24T00:00:00Z

struct Flags {
  std::size_t rows = 60'000;
  std::size_t batch = 5'000;
  int connections = 1;
  int rounds = 5;
  std::size_t duplicates_every = 0;
  bool by_day = false;
  bool json = false;
};

// Random ids, traces and resources, 10,000 actors, 700 bytes in all: what makes it hard for six indexes.
struct OwnedEvent {
  std::string id, source, type, subject, actor_id, resource_type, resource_id, trace_id, details;
  std::int64_t occurred_at = 0;

  [[nodiscard]] Record record() const {
    Record record;
    record.id = id;
    record.occurred_at = {occurred_at};
    record.source = source;
    record.type = type;
    record.subject = subject;
    record.actor_type = "user";
    record.actor_id = actor_id;
    record.resource_type = resource_type;
    record.resource_id = resource_id;
    record.action = "update";
    record.outcome = "success";
    record.trace_id = trace_id;
    record.details = details;
    return record;
  }
};

class EventMaker {
 public:
  explicit EventMaker(std::uint64_t seed) : random_(audit::env::NewSeededRandom(seed)) {}

  OwnedEvent Next() {
    OwnedEvent event;
    event.id = Hex(8) + "-" + Hex(4) + "-4" + Hex(3) + "-a" + Hex(3) + "-" + Hex(12);
    event.occurred_at = kStart + number_++ * 50 + static_cast<std::int64_t>(random_->Next() % 200'000);
    event.source = "openg2p/registry/service-" + Number(20);
    event.type = "org.openg2p.registry.record." + Number(60);
    event.subject = "registrant/" + Number(1'000'000);
    event.actor_id = "user-" + Number(10'000) + "@example.org";
    event.resource_type = "registrant-" + Number(20);
    event.resource_id = Number(1'000'000);
    event.trace_id = Hex(32);
    event.details = R"({"actor":{"name":"Some Person Name","ip":"10.1.2.3","roles":["admin","operator"]},)"
                    R"("resource":{"currency":"INR","amount":)" +
                    Number(100'000) + R"(},"changes":[{"field":"phone","old":")" + Hex(16) + R"(","new":")" + Hex(16) +
                    R"("}],"context":")" + Hex(80) + R"("})";
    return event;
  }

 private:
  std::string Number(std::uint64_t below) { return std::to_string(random_->Next() % below); }
  std::string Hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[random_->Next() % 16];
    return text;
  }

  std::unique_ptr<audit::env::Random> random_;
  std::int64_t number_ = 0;
};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

struct Batch {
  std::vector<OwnedEvent> events;
  std::vector<Record> records;
  std::vector<std::string> copies;
};

std::vector<Batch> MakeBatches(const Flags& flags, std::uint64_t seed) {
  EventMaker maker(seed);
  std::vector<Batch> batches((flags.rows + flags.batch - 1) / flags.batch);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    Batch& batch = batches[b];
    while (batch.events.size() < flags.batch) batch.events.push_back(maker.Next());
    for (const OwnedEvent& event : batch.events) batch.records.push_back(event.record());
    batch.copies = audit::bench::EncodeCopies(batch.records, flags.connections);
    // The plain COPY has no way to store this one.
    if (flags.duplicates_every > 0 && b > 0 && b % flags.duplicates_every == 0) {
      batch.records.back() = batches[b - 1].records.front();
    }
  }
  return batches;
}

void EmptyTable(const PostgresOptions& options, const Flags& flags) {
  PlainConnection connection(options);
  connection.Run("DROP TABLE IF EXISTS audit_events");
  if (auto made = audit::store::EnsurePostgresSchema(options); !made) Fail(made.error().message());
  PostgresOptions with = options;
  with.sub_partition = flags.by_day ? audit::store::SubPartition::kDay : audit::store::SubPartition::kNone;
  audit::store::PostgresAuditStore store(with, audit::env::SystemClock());
  if (auto made = store.MaintainPartitions({kStart}, 1, 0); !made) Fail(made.error().message());
  connection.Run("CHECKPOINT");
}

void Write(audit::store::AuditStore& store, const std::vector<Record>& records) {
  if (auto written = store.Write(records); !written) Fail(written.error().message());
}

// Every writer connected, as the plain connections are.
void Connect(audit::store::AuditStore& store, int connections) {
  EventMaker maker(1'000'000);
  std::vector<OwnedEvent> events;
  std::vector<Record> records;
  events.reserve(static_cast<std::size_t>(64 * connections));
  records.reserve(static_cast<std::size_t>(64 * connections));
  for (int i = 0; i < 64 * connections; ++i) events.push_back(maker.Next());
  for (const OwnedEvent& event : events) records.push_back(event.record());
  Write(store, records);
}

struct Round {
  Seconds copied{0};
  Seconds written{0};
};

template <class Action>
Seconds TimeOf(const Action& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::steady_clock::now() - begin;
}

Round RunRound(const PostgresOptions& ours, const PostgresOptions& plain, const Flags& flags,
               const std::vector<Batch>& batches) {
  EmptyTable(ours, flags);
  EmptyTable(plain, flags);
  PostgresOptions with = ours;
  with.writers = flags.connections;
  audit::store::PostgresAuditStore store(with, audit::env::SystemClock());
  Connect(store, flags.connections);
  PlainWriter writer(plain, flags.connections);
  Round round;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    for (const bool our_turn : {i % 2 == 0, i % 2 != 0}) {
      if (our_turn) {
        round.written += TimeOf([&] { Write(store, batches[i].records); });
      } else {
        round.copied += TimeOf([&] { writer.Write(batches[i].copies); });
      }
    }
  }
  return round;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Rows a second of the PostgreSQL store beside a plain COPY BINARY of the same rows");
  app.add_option("--rows", flags.rows, "Rows a round");
  app.add_option("--batch", flags.batch, "Rows a batch")->check(CLI::Range(1, 1'000'000));
  app.add_option("--connections", flags.connections, "Of either")->check(CLI::Range(1, 64));
  app.add_option("--rounds", flags.rounds, "Each into an empty table; an odd number has a middle")
      ->check(CLI::Range(1, 1'000));
  app.add_option("--duplicates-every", flags.duplicates_every,
                 "Every Nth batch holds a row of the one before it; the plain COPY gets none");
  app.add_flag("--by-day", flags.by_day, "A month of days");
  app.add_flag("--json", flags.json, "One JSON object on stdout");
  CLI11_PARSE(app, argc, argv);

  const PostgresOptions options = audit::bench::TestServer();
  PostgresOptions plain = options;
  plain.name += "_plain";
  {
    PlainConnection connection(options);
    connection.Run("DROP DATABASE IF EXISTS " + plain.name);
    connection.Run("CREATE DATABASE " + plain.name);
  }
  std::vector<double> copied;
  std::vector<double> written;
  std::vector<double> ratios;
  for (int number = 1; number <= flags.rounds; ++number) {
    const std::vector<Batch> batches = MakeBatches(flags, static_cast<std::uint64_t>(number));
    const auto rows = static_cast<double>(batches.size() * flags.batch);
    const Round round = RunRound(options, plain, flags, batches);
    written.push_back(rows / round.written.count());
    copied.push_back(rows / round.copied.count());
    ratios.push_back(written.back() / copied.back());
    std::fprintf(stderr, "round %d: COPY %.0f rows/s, Write %.0f rows/s\n", number, copied.back(), written.back());
  }
  const double copy = Median(copied);
  const double ratio = Median(ratios);
  if (flags.json) {
    std::printf(R"({"rows": %zu, "batch": %zu, "connections": %d, "rounds": %d, "copy_rows_per_second": %.0f, )"
                R"("write_rows_per_second": %.0f, "ratio": %.3f})"
                "\n",
                flags.rows, flags.batch, flags.connections, flags.rounds, copy, Median(written), ratio);
  } else {
    std::printf("COPY %.0f rows/s, Write %.0f rows/s, ratio %.3f (medians of %d)\n", copy, Median(written), ratio,
                flags.rounds);
  }
  return 0;
}
