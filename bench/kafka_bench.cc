// How fast the publisher and the source are beside bare loops over librdkafka: the same payloads,
// settings and topic shape, taking turns, so that a machine that gets slower slows both. Needs a
// broker: tests/servers/kafka.py run build/release/bench/kafka_bench
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bare_producer.h"
#include "env/clock.h"
#include "failing_observer.h"
#include "kafka/kafka_publisher.h"
#include "kafka/kafka_source.h"
#include "kafka/topic_admin.h"

namespace {

using audit::kafka::KafkaPublisher;
using audit::kafka::KafkaSource;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kPayloadBytes = 719;
constexpr int kKeys = 2'000;
constexpr int kPartitions = 12;
constexpr std::size_t kBatchBytes = 512U << 10;
constexpr int kLingerMs = 5;

struct Options {
  std::string bootstrap;
  int events = 400'000;
  int pairs = 5;
  bool json = false;
};

// Ends the program: a figure that is not what it says is worse than none.
[[noreturn]] void Give(const std::string& why) {
  std::fprintf(stderr, "kafka_bench: %s\n", why.c_str());
  std::exit(1);
}

class Bell {
 public:
  void Ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    condition_.notify_one();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, milliseconds(100), [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool rung_ = false;
};

// Events as they are: most of it repeats from one to the next, ids and names do not.
std::vector<std::string> MakePayloads() {
  std::vector<std::string> payloads;
  unsigned long state = 1;
  for (int i = 0; i < 4'096; ++i) {
    std::string text = R"({"specversion":"1.0","id":")";
    for (int digit = 0; digit < 32; ++digit) {
      state = state * 6'364'136'223'846'793'005UL + 1'442'695'040'888'963'407UL;
      text += "0123456789abcdef"[(state >> 33) % 16];
    }
    text +=
        R"(","source":"registry/individuals","type":"org.openg2p.individual.updated","subject":"individual/)" +
        std::to_string(i % kKeys) +
        R"(","time":"2026-04-23T10:00:00.000Z","datacontenttype":"application/json","data":{"actor":{"type":"user","id":"user-)" +
        std::to_string(i * 7 % 997) + R"("},"action":"update","outcome":"success","changes":")";
    while (text.size() < kPayloadBytes - 3) {
      state = state * 6'364'136'223'846'793'005UL + 1'442'695'040'888'963'407UL;
      text += " etaoinshrdlucmfw"[(state >> 33) % 17];
    }
    payloads.push_back(text + "\"}}");
  }
  return payloads;
}

std::string KeyOf(int event) { return "individual/" + std::to_string(event % kKeys); }

double Rate(int events, steady_clock::duration took) { return events / std::chrono::duration<double>(took).count(); }

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string MakeTopic(const Options& options, const std::string& name) {
  const audit::kafka::TopicSpec spec{.name = name, .partitions = kPartitions, .replication = -1, .config = {}};
  audit::kafka::ConnectionOptions connection;
  connection.bootstrap_servers = options.bootstrap;
  auto admin = audit::kafka::TopicAdmin::Create(connection);
  if (!admin) Give(admin.error().message());
  if (auto made = (*admin)->Ensure({&spec, 1}, milliseconds(30'000)); !made) Give(made.error().message());
  return name;
}

class Counter final : public audit::pipeline::PublisherListener {
 public:
  void OnDelivered(std::uint64_t) override { ++delivered; }
  void OnRefused(const audit::pipeline::OutgoingEvent&, const std::string& reason) override {
    Give("refused: " + reason);
  }
  void OnFailed(std::uint64_t, const audit::Error& error) override { Give("failed: " + error.message()); }
  int delivered = 0;
};

double PublishOurs(const Options& options, const std::string& topic, const std::vector<std::string>& payloads) {
  Bell bell;
  audit::kafka::PublisherOptions to;
  to.connection.bootstrap_servers = options.bootstrap;
  to.topic = topic;
  to.linger = milliseconds(kLingerMs);
  to.max_batch_bytes = kBatchBytes;
  auto made = KafkaPublisher::Create(std::move(to), [&bell] { bell.Ring(); });
  if (!made) Give(made.error().message());
  KafkaPublisher& publisher = **made;
  Counter counter;
  const auto began = steady_clock::now();
  int next = 0;
  while (counter.delivered < options.events) {
    bool room = true;
    while (next < options.events && room) {
      const std::string key = KeyOf(next);
      auto taken = publisher.Publish({.position = static_cast<std::uint64_t>(next),
                                      .key = key,
                                      .value = payloads[static_cast<std::size_t>(next) % payloads.size()],
                                      .ingested_at = {1'777'000'000'000'000 + next}});
      if (!taken) Give(taken.error().message());
      room = *taken;
      if (room) ++next;
    }
    const int before = counter.delivered;
    publisher.Poll(counter);
    if (counter.delivered == before) bell.Wait();
  }
  return Rate(options.events, steady_clock::now() - began);
}

void Set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  std::array<char, 256> text{};
  if (rd_kafka_conf_set(conf, name, value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) Give(text.data());
}

double PublishBare(const Options& options, const std::string& topic, const std::vector<std::string>& payloads,
                   bool whole) {
  std::string key;
  return audit::bench::PublishBare({.bootstrap = options.bootstrap,
                                    .topic = topic,
                                    .count = static_cast<std::size_t>(options.events),
                                    .whole = whole,
                                    .linger_ms = kLingerMs,
                                    .batch_bytes = kBatchBytes},
                                   [&](std::size_t event) -> audit::bench::BareMessage {
                                     key = KeyOf(static_cast<int>(event));
                                     return {.key = key, .value = payloads[event % payloads.size()]};
                                   });
}

// From the first event that came to the last, with a commit a batch.
double ConsumeOurs(const Options& options, const std::string& topic, const std::string& group) {
  Bell bell;
  audit::bench::FailingObserver observer;
  audit::kafka::SourceOptions from;
  from.connection.bootstrap_servers = options.bootstrap;
  from.topic = topic;
  from.group = group;
  auto opened = KafkaSource::Open(std::move(from), audit::env::SystemClock(), observer, [&bell] { bell.Ring(); });
  if (!opened) Give(opened.error().message());
  steady_clock::time_point began;
  int read = 0;
  while (read < options.events) {
    auto fetched = (*opened)->Fetch(10'000, 8U << 20);
    if (!fetched) Give(fetched.error().message());
    if (fetched->empty()) {
      bell.Wait();
      continue;
    }
    if (read == 0) began = steady_clock::now();
    read += static_cast<int>(fetched->size());
    if (auto committed = (*opened)->Commit(); !committed) Give(committed.error().message());
  }
  return Rate(read, steady_clock::now() - began);
}

double ConsumeBare(const Options& options, const std::string& topic, const std::string& group) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  Set(conf, "bootstrap.servers", options.bootstrap);
  Set(conf, "group.id", group);
  Set(conf, "auto.offset.reset", "earliest");
  Set(conf, "enable.auto.commit", "false");
  Set(conf, "queued.max.messages.kbytes", "16384");
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  std::array<rd_kafka_message_t*, 1'000> messages{};
  steady_clock::time_point began;
  int read = 0;
  while (read < options.events) {
    const ssize_t count = rd_kafka_consume_batch_queue(queue, 100, messages.data(), messages.size());
    if (read == 0) began = steady_clock::now();
    for (ssize_t i = 0; i < count; ++i) {
      rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++read;
      rd_kafka_message_destroy(message);
    }
  }
  const double rate = Rate(read, steady_clock::now() - began);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return rate;
}

struct Figures {
  std::vector<double> ours;
  std::vector<double> bare;
  std::vector<double> ratios;
};

Figures TakeTurns(int pairs, const std::function<double(int)>& ours, const std::function<double(int)>& bare) {
  Figures figures;
  for (int pair = 0; pair < pairs; ++pair) {
    double our_rate = 0;
    if (pair % 2 == 0) our_rate = ours(pair);
    const double bare_rate = bare(pair);
    if (pair % 2 != 0) our_rate = ours(pair);
    figures.ours.push_back(our_rate);
    figures.bare.push_back(bare_rate);
    figures.ratios.push_back(our_rate / bare_rate);
  }
  return figures;
}

void Print(const char* what, const Figures& figures, bool json, const char* behind) {
  const double ours = Median(figures.ours);
  const double bare = Median(figures.bare);
  const double ratio = Median(figures.ratios);
  if (json) {
    std::printf(R"("%s": {"ours_per_second": %.0f, "bare_per_second": %.0f, "ratio": %.3f}%s)", what, ours, bare, ratio,
                behind);
  } else {
    std::printf("%-20s ours %9.0f/s   bare librdkafka %9.0f/s   median ratio %.2f\n", what, ours, bare, ratio);
  }
}

int NumberOf(const char* text) {
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  if (*end != '\0' || number < 1 || number > 1'000'000'000) Give(std::string(text) + " is no number that makes sense");
  return static_cast<int>(number);
}

Options Parse(int count, char** arguments) {
  Options options;
  if (const char* bootstrap = std::getenv("AUDIT_TEST_KAFKA")) options.bootstrap = bootstrap;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const bool has_value = i + 1 < count;
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--bootstrap" && has_value) {
      options.bootstrap = arguments[++i];
    } else if (argument == "--events" && has_value) {
      options.events = NumberOf(arguments[++i]);
    } else if (argument == "--pairs" && has_value) {
      options.pairs = NumberOf(arguments[++i]);
    } else {
      Give("[--bootstrap HOST:PORT] [--events N] [--pairs N] [--json]");
    }
  }
  if (options.bootstrap.empty()) Give("no broker: --bootstrap, or run it with tests/servers/kafka.py run");
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = Parse(count, arguments);
  const std::vector<std::string> payloads = MakePayloads();
  const std::string stamp = std::to_string(steady_clock::now().time_since_epoch().count());
  const std::string ours = MakeTopic(options, "bench-ours-" + stamp);
  const std::string bare = MakeTopic(options, "bench-bare-" + stamp);
  // Once, so that nobody pays for what is new in the broker.
  Options warm = options;
  warm.events = std::min(options.events, 100'000);
  const std::string warm_up = MakeTopic(options, "bench-warm-" + stamp);
  PublishBare(warm, warm_up, payloads, true);
  const auto publish_ours = [&](int) { return PublishOurs(options, ours, payloads); };
  const Figures plain =
      TakeTurns(options.pairs, publish_ours, [&](int) { return PublishBare(options, bare, payloads, false); });
  const Figures whole =
      TakeTurns(options.pairs, publish_ours, [&](int) { return PublishBare(options, warm_up, payloads, true); });
  const Figures consuming = TakeTurns(
      options.pairs, [&](int pair) { return ConsumeOurs(options, bare, "ours-" + stamp + std::to_string(pair)); },
      [&](int pair) { return ConsumeBare(options, bare, "bare-" + stamp + std::to_string(pair)); });
  if (options.json) std::printf("{");
  Print("publish", plain, options.json, ", ");
  Print("publish_same_message", whole, options.json, ", ");
  Print("consume", consuming, options.json, "}\n");
  return 0;
}
