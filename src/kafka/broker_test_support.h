// For the tests with a real broker (tests/servers/kafka.py): topics of their own, listeners that
// remember, and waiting for conditions.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "env/clock.h"
#include "kafka/kafka_publisher.h"
#include "kafka/kafka_source.h"
#include "kafka/producer.h"
#include "kafka/topic_admin.h"

namespace audit::kafka {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// How long anything may take before a test says that it hangs. Not a measure of speed.
inline constexpr seconds kPatience{30};

inline ConnectionOptions Connection() {
  const char* bootstrap = std::getenv("AUDIT_TEST_KAFKA");
  EXPECT_NE(bootstrap, nullptr) << "run it with tests/servers/kafka.py run";
  ConnectionOptions connection;
  connection.bootstrap_servers = bootstrap == nullptr ? "127.0.0.1:1" : bootstrap;
  connection.client_id = "broker-test";
  return connection;
}

// A name that no other test has.
inline std::string FreshName(const std::string& what) {
  static std::atomic<int> number{0};
  return what + "-" + std::to_string(++number) + "-" +
         std::to_string(steady_clock::now().time_since_epoch().count() % 1'000'000'000);
}

inline std::string MakeTopic(int partitions, std::map<std::string, std::string> config = {}) {
  TopicSpec spec{.name = FreshName("topic"), .partitions = partitions, .replication = 1, .config = std::move(config)};
  auto admin = TopicAdmin::Create(Connection());
  EXPECT_TRUE(admin.ok());
  const auto made = (*admin)->Ensure({&spec, 1}, kPatience);
  EXPECT_TRUE(made.ok()) << made.error().message();
  return spec.name;
}

// Sleeps until it is woken or a moment has passed, as a pump would.
class Bell {
 public:
  std::function<void()> Ring() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++rung_;
      condition_.notify_all();
    };
  }
  void Wait(milliseconds at_most = milliseconds(20)) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, at_most, [this] { return rung_ != heard_; });
    heard_ = rung_;
  }
  int rung() {
    const std::lock_guard lock(mutex_);
    return rung_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  int rung_ = 0;
  int heard_ = 0;
};

template <class Condition>
bool WaitFor(Condition condition, milliseconds patience = kPatience) {
  const auto deadline = steady_clock::now() + patience;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class ReportRecorder final : public pipeline::PublisherListener {
 public:
  void OnDelivered(std::uint64_t position) override { delivered.insert(position); }
  void OnRefused(const pipeline::OutgoingEvent& event, const std::string& reason) override {
    refused[event.position] = reason;
  }
  void OnFailed(std::uint64_t position, const Error& error) override { failed.emplace(position, error.message()); }
  [[nodiscard]] std::size_t count() const { return delivered.size() + refused.size() + failed.size(); }

  std::set<std::uint64_t> delivered;
  std::map<std::uint64_t, std::string> refused;
  std::map<std::uint64_t, std::string> failed;
};

class RecordingObserver final : public SourceObserver {
 public:
  void OnAssignment(std::span<const std::int32_t> partitions, bool lost) override {
    assigned.assign(partitions.begin(), partitions.end());
    if (lost) ++losses;
  }
  void OnGroupRefused(const Error& error) override { refusals.push_back(error.message()); }
  void OnHole(const Hole& hole) override { holes.push_back(hole); }
  void OnBrokerError(const Error& error) override { errors.push_back(error.message()); }

  std::vector<std::int32_t> assigned;
  int losses = 0;
  std::vector<std::string> refusals;
  std::vector<Hole> holes;
  std::vector<std::string> errors;
};

// What was read, kept after the views are gone.
struct Read {
  std::int32_t partition = 0;
  std::uint64_t offset = 0;
  std::int64_t ingested_at = 0;
  std::optional<std::string> key;
  std::string value;
  std::map<std::string, std::string> headers;
};

inline std::vector<Read> Keep(std::span<const pipeline::SourcedEvent> events) {
  std::vector<Read> kept;
  for (const pipeline::SourcedEvent& event : events) {
    Read read{.partition = event.partition,
              .offset = event.offset,
              .ingested_at = event.ingested_at.value,
              .key = {},
              .value = std::string(event.tombstone ? "null" : event.value),
              .headers = {}};
    if (event.key) read.key.emplace(*event.key);
    for (const event::MessageHeader& header : event.headers) {
      read.headers.emplace(std::string(header.name), std::string(header.value.value_or("null")));
    }
    kept.push_back(std::move(read));
  }
  return kept;
}

// A source with what it needs.
struct Member {
  explicit Member(SourceOptions given) {
    auto opened = KafkaSource::Open(std::move(given), env::SystemClock(), observer, bell.Ring());
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    source = std::move(*opened);
  }
  static SourceOptions Options(const std::string& topic, const std::string& group) {
    SourceOptions options;
    options.connection = Connection();
    options.connection.properties["session.timeout.ms"] = "6000";
    options.connection.properties["heartbeat.interval.ms"] = "500";
    options.topic = topic;
    options.group = group;
    // Members of one test share a thread: one must not wait long while the other is to answer the group.
    options.commit_timeout = milliseconds(500);
    return options;
  }
  // One Fetch; its events are kept, and committed.
  std::size_t Step(bool commit = true) {
    auto fetched = source->Fetch(1'000, 8U << 20);
    EXPECT_TRUE(fetched.ok()) << fetched.error().message();
    if (!fetched.ok() || fetched->empty()) {
      bell.Wait();
      return 0;
    }
    const std::vector<Read> kept = Keep(*fetched);
    if (commit) {
      if (auto committed = source->Commit(); !committed.ok()) {
        last_commit_error = committed.error().message();
        source->Rewind();
        return 0;
      }
    }
    read.insert(read.end(), kept.begin(), kept.end());
    return kept.size();
  }
  bool ReadUntil(std::size_t count) {
    const bool all = WaitFor([&] {
      Step();
      return read.size() >= count;
    });
    if (!all) {
      ADD_FAILURE() << "read " << read.size() << " of " << count << ", assigned "
                    << testing::PrintToString(observer.assigned) << ", refused "
                    << testing::PrintToString(observer.refusals) << ", errors "
                    << testing::PrintToString(observer.errors) << ", last failed commit " << last_commit_error;
    }
    return all;
  }

  Bell bell;
  RecordingObserver observer;
  std::vector<Read> read;
  std::string last_commit_error;
  std::unique_ptr<KafkaSource> source;
};

struct TestEvent {
  std::string key;
  std::string value;
};

// Publishes all and waits for the reports; the position is the index.
inline ReportRecorder PublishAll(KafkaPublisher& publisher, Bell& bell, const std::vector<TestEvent>& events) {
  ReportRecorder recorder;
  std::size_t next = 0;
  EXPECT_TRUE(WaitFor([&] {
    while (next < events.size()) {
      auto taken =
          publisher.Publish({.position = next,
                             .key = events[next].key,
                             .value = events[next].value,
                             .ingested_at = {1'700'000'000'123'456 + static_cast<std::int64_t>(next) * 1'000}});
      if (!taken.ok() || !*taken) break;
      ++next;
    }
    publisher.Poll(recorder);
    if (recorder.count() < events.size()) bell.Wait();
    return recorder.count() >= events.size();
  })) << recorder.count()
      << " of " << events.size();
  return recorder;
}

inline PublisherOptions PublisherTo(const std::string& topic) {
  PublisherOptions options;
  options.connection = Connection();
  options.topic = topic;
  return options;
}

// Puts messages as they are, headers and all.
inline void PutRaw(const std::string& topic, const std::vector<std::pair<std::optional<std::string>, std::string>>& all,
                   std::vector<event::MessageHeader> headers = {}, std::int32_t partition = RD_KAFKA_PARTITION_UA) {
  auto producer = Producer::Create(Connection(), topic, {}, nullptr);
  ASSERT_TRUE(producer.ok());
  for (const auto& [key, value] : all) {
    OutgoingMessage message;
    message.value = value;
    message.partition = partition;
    if (key) message.key = *key;
    ASSERT_EQ((*producer)->Send(message, headers), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  ASSERT_TRUE(WaitFor([&] {
    (*producer)->Serve(milliseconds(10));
    return (*producer)->outstanding() == 0;
  }));
  ASSERT_FALSE((*producer)->HasFailure());
}

}  // namespace audit::kafka
