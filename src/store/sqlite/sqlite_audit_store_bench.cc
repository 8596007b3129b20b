// Rows a second into one day's file, by size of the batch and rows that are in it already. The
// events have what makes it hard: random ids, traces and resources, 10,000 actors, 700 bytes in all.
#include <benchmark/benchmark.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "env/random.h"
#include "store/sqlite/query.h"
#include "store/sqlite/sqlite_audit_store.h"

namespace audit::store {
namespace {

constexpr std::int64_t kStart = 1'795'478'400'000'000;  // 2026-11-24T00:00:00Z
constexpr std::size_t kMeasuredRows = 60'000;

struct OwnedEvent {
  std::string id, source, type, subject, actor_id, resource_type, resource_id, trace_id, details;
  std::int64_t occurred_at = 0;

  [[nodiscard]] event::Record record() const {
    event::Record record;
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
  OwnedEvent Next() {
    OwnedEvent event;
    event.id = Hex(8) + "-" + Hex(4) + "-4" + Hex(3) + "-a" + Hex(3) + "-" + Hex(12);
    event.occurred_at = kStart + number_ * 50 + static_cast<std::int64_t>(random_->Next() % 200'000);
    ++number_;
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

  std::unique_ptr<env::Random> random_ = env::NewSeededRandom(1);
  std::int64_t number_ = 0;
};

// False and the benchmark skipped when the store fails.
bool WriteBatch(SqliteAuditStore& store, EventMaker& maker, std::size_t size, std::chrono::nanoseconds* took) {
  std::vector<OwnedEvent> events;
  std::vector<event::Record> records;
  for (std::size_t i = 0; i < size; ++i) events.push_back(maker.Next());
  for (const OwnedEvent& event : events) records.push_back(event.record());
  const auto begin = std::chrono::steady_clock::now();
  const auto written = store.Write(records);
  *took = std::chrono::steady_clock::now() - begin;
  return written.ok();
}

void WriteBatches(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const auto before = static_cast<std::size_t>(state.range(1));
  const std::string directory = std::filesystem::temp_directory_path() / "sqlite_store_bench";
  std::filesystem::remove_all(directory);
  {
    auto store = SqliteAuditStore::Open({.directory = directory}, env::SystemClock());
    EventMaker maker;
    std::chrono::nanoseconds took{0};
    for (std::size_t rows = 0; rows < before; rows += 20'000) WriteBatch(**store, maker, 20'000, &took);
    for (auto _ : state) {
      std::chrono::nanoseconds total{0};
      for (std::size_t rows = 0; rows < kMeasuredRows; rows += batch) {
        if (!WriteBatch(**store, maker, batch, &took)) state.SkipWithError("the store failed");
        total += took;
      }
      state.SetIterationTime(std::chrono::duration<double>(total).count());
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(kMeasuredRows) * state.iterations());
  std::filesystem::remove_all(directory);
}
BENCHMARK(WriteBatches)
    ->ArgNames({"batch", "rows_before"})
    ->ArgsProduct({{500, 2'000, 5'000, 10'000, 20'000}, {0, 250'000}})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// The newest 100 of a filter that fits 1 in 60 rows: what leaving the time out of the index costs.
void QueryNewestOfAType(benchmark::State& state) {
  const std::string directory = std::filesystem::temp_directory_path() / "sqlite_store_bench";
  std::filesystem::remove_all(directory);
  {
    auto store = SqliteAuditStore::Open({.directory = directory}, env::SystemClock());
    EventMaker maker;
    std::chrono::nanoseconds took{0};
    for (std::size_t rows = 0; rows < 260'000; rows += 20'000) WriteBatch(**store, maker, 20'000, &took);
  }
  EventQuery query;
  query.type = "org.openg2p.registry.record.7";
  query.limit = 100;
  for (auto _ : state) {
    const auto read = QueryEvents(directory, query, [](const StoredEvent&) { return true; });
    if (!read.ok() || *read != 100) state.SkipWithError("the query failed");
  }
  std::filesystem::remove_all(directory);
}
BENCHMARK(QueryNewestOfAType)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace audit::store
