#include "instance/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "env/clock.h"
#include "instance/breakable_file_system.h"
#include "instance/instance_fixture.h"

namespace audit::instance {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::chrono::milliseconds kEnough = seconds{60};  // to drain a handful of events
constexpr char kJson[] = "application/json";

std::unique_ptr<Instance> Started(const config::Loaded& loaded) {
  auto started = Instance::Start(loaded, [] { ADD_FAILURE() << "the instance failed"; });
  EXPECT_TRUE(started.ok()) << started.error().message();
  return std::move(*started);
}

// The Unix time that the metric says, 0 for none.
double LastFailedFlush(client::HttpClient& client) {
  const std::string name = "\naudit_manager_spool_last_failed_flush_timestamp_seconds ";
  const auto metrics = client.Get("/metrics");
  EXPECT_TRUE(metrics.ok()) << metrics.error().message();
  const std::size_t at = metrics->body.find(name);
  EXPECT_NE(at, std::string::npos);
  return std::stod(metrics->body.substr(at + name.size()));
}

std::string StartError(const config::Loaded& loaded) {
  const auto started = Instance::Start(loaded, [] {});
  EXPECT_FALSE(started.ok());
  return started.ok() ? "" : started.error().message();
}

using InstanceTest = InstanceFixture;

TEST_F(InstanceTest, EventPostedOverASocketBecomesARow) {
  const std::unique_ptr<Instance> instance = Started(Configuration());
  const auto client = ClientOf(instance->port());
  const auto answer = client->Post("/events", kJson, Event("one"));
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 202);
  EXPECT_THAT(answer->body, HasSubstr(R"("response":{"accepted":"one"})"));
  instance->Stop(kEnough);
  EXPECT_EQ(StoredIds(), (std::multiset<std::string>{"one"}));
}

TEST_F(InstanceTest, EveryDurabilityAnswersAndStores) {
  for (const char* durability : {"queued", "written", "synced"}) {
    const std::unique_ptr<Instance> instance = Started(Configuration({{"ingest.durability", durability}}));
    const auto answer = ClientOf(instance->port())->Post("/events", kJson, Event(durability));
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->status, 202);
    instance->Stop(kEnough);
  }
  EXPECT_EQ(StoredIds(), (std::multiset<std::string>{"queued", "synced", "written"}));
}

TEST_F(InstanceTest, WhatWasAcceptedWithoutPersistIsStoredByALaterStart) {
  {
    const std::unique_ptr<Instance> ingesting = Started(Configuration({{"roles", "ingest"}}));
    const auto client = ClientOf(ingesting->port());
    EXPECT_EQ(client->Post("/events", kJson, Event("kept"))->status, 202);
    EXPECT_EQ(client->Get("/health")->status, 200) << "it has no store to speak of";
    ingesting->Stop(kEnough);
  }
  EXPECT_TRUE(StoredIds().empty());
  Started(Configuration())->Stop(kEnough);
  EXPECT_EQ(StoredIds(), (std::multiset<std::string>{"kept"}));
  Started(Configuration())->Stop(kEnough);
  EXPECT_EQ(StoredIds().size(), 1U) << "stored a second time";
}

TEST_F(InstanceTest, WithoutIngestItAnswersEverythingButEvents) {
  const std::unique_ptr<Instance> instance = Started(Configuration({{"roles", "persist,maintain"}}));
  const auto client = ClientOf(instance->port());
  const auto answer = client->Post("/events", kJson, Event("no"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->body, HasSubstr("AUD-005"));
  for (const char* path : {"/health/ready", "/version", "/metrics", "/config"}) {
    EXPECT_EQ(client->Get(path)->status, 200) << path;
  }
}

TEST_F(InstanceTest, ConfigShowsNoSecretAndNoBroker) {
  const std::unique_ptr<Instance> instance = Started(Configuration({{"database.password", "hush"}}));
  const auto answer = ClientOf(instance->port())->Get("/config");
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(answer->body, HasSubstr(R"("ingest.durability":"synced")"));
  EXPECT_THAT(answer->body, testing::Not(HasSubstr("hush")));
  EXPECT_THAT(answer->body, testing::Not(HasSubstr("password")));
  EXPECT_THAT(answer->body, testing::Not(HasSubstr("bootstrap")));
}

TEST_F(InstanceTest, TheMetricsShowTheBudgetAndACertificateThatCouldNotBeReloaded) {
  const std::unique_ptr<Instance> instance = Started(Configuration());
  const auto client = ClientOf(instance->port());
  std::string metrics = client->Get("/metrics")->body;
  EXPECT_THAT(metrics, HasSubstr("\naudit_manager_spool_disk_budget_bytes 67108864\n"));
  EXPECT_THAT(metrics, HasSubstr("\naudit_manager_tls_last_reload_successful 1\n"));
  EXPECT_FALSE(instance->ReloadTls().ok()) << "it has none";
  EXPECT_THAT(client->Get("/metrics")->body, HasSubstr("\naudit_manager_tls_last_reload_successful 0\n"));
}

// Whoever got a 202 finds the event in the store, and the ids were stored once each.
TEST_F(InstanceTest, StopUnderLoadAnswersWhatIsInFlightAndLosesNothing) {
  const std::unique_ptr<Instance> instance = Started(Configuration());
  std::atomic<int> accepted_so_far{0};
  std::vector<std::future<std::vector<std::string>>> callers;
  callers.reserve(8);
  for (int caller = 0; caller < 8; ++caller) {
    callers.push_back(std::async(std::launch::async, [&, caller] {
      std::vector<std::string> accepted;
      const auto client = ClientOf(instance->port());
      for (int i = 0;; ++i) {
        const std::string id = std::to_string(caller) + "-" + std::to_string(i);
        const auto answer = client->Post("/events", kJson, Event(id));
        if (!answer.ok() || answer->status != 202) return accepted;
        accepted.push_back(id);
        ++accepted_so_far;
      }
    }));
  }
  while (accepted_so_far < 200) std::this_thread::yield();
  instance->Stop(kEnough);
  std::multiset<std::string> accepted;
  for (auto& caller : callers) {
    for (const std::string& id : caller.get()) accepted.insert(id);
  }
  const std::multiset<std::string> stored = StoredIds();
  EXPECT_EQ(std::set<std::string>(stored.begin(), stored.end()).size(), stored.size());
  for (const std::string& id : accepted) EXPECT_EQ(stored.count(id), 1U) << id;
}

TEST_F(InstanceTest, FailedSyncEndsAccepting) {
  BreakableFileSystem files(env::PosixFileSystem());
  std::promise<void> failed;
  auto started = Instance::Start(Configuration(), [&] { failed.set_value(); }, files);
  ASSERT_TRUE(started.ok()) << started.error().message();
  const auto client = ClientOf((*started)->port());
  EXPECT_EQ(client->Post("/events", kJson, Event("before"))->status, 202);
  EXPECT_EQ(LastFailedFlush(*client), 0);
  files.BreakSyncs();
  const auto waiting = client->Post("/events", kJson, Event("lost"));
  ASSERT_TRUE(waiting.ok()) << waiting.error().message();
  EXPECT_EQ(waiting->status, 503);
  failed.get_future().wait();
  EXPECT_EQ(client->Get("/health/ready")->status, 503);
  EXPECT_EQ(client->Get("/health/live")->status, 200);
  EXPECT_EQ(client->Post("/events", kJson, Event("after"))->status, 503);
  const double failed_at = LastFailedFlush(*client);
  EXPECT_NEAR(failed_at, static_cast<double>(env::SystemClock().Now().value) / 1e6, 60);
  started->reset();
  for (int start = 1; start <= 2; ++start) {
    const auto later = Started(Configuration());
    EXPECT_EQ(LastFailedFlush(*ClientOf(later->port())), failed_at) << "start " << start << " has forgotten it";
    later->Stop(kEnough);
  }
  EXPECT_EQ(StoredIds().count("before"), 1U) << "the restart recovers";
}

TEST_F(InstanceTest, ANoteOfAFailedFlushThatCannotBeReadHoldsNoStartUp) {
  Started(Configuration())->Stop(kEnough);
  const std::string note = data_dir() + "/spool/failed_flush";
  std::ofstream(note) << "nonsense";
  EXPECT_EQ(LastFailedFlush(*ClientOf(Started(Configuration())->port())), 0);
  std::filesystem::remove(note);
  std::filesystem::create_directory(note);
  EXPECT_EQ(LastFailedFlush(*ClientOf(Started(Configuration())->port())), 0);
}

TEST_F(InstanceTest, PortInUseIsNamed) {
  const std::unique_ptr<Instance> first = Started(Configuration());
  const std::string port = std::to_string(first->port());
  EXPECT_THAT(StartError(Configuration({{"http.port", port}, {"data_dir", data_dir() + "2"}})), HasSubstr(port));
}

TEST_F(InstanceTest, DataDirectoryOfAnotherInstanceIsRefused) {
  const std::unique_ptr<Instance> first = Started(Configuration());
  const std::string error = StartError(Configuration());
  EXPECT_THAT(error, HasSubstr("another instance"));
  EXPECT_THAT(error, HasSubstr(data_dir()));
  EXPECT_THAT(error, HasSubstr("--data-dir"));
}

TEST_F(InstanceTest, DataDirectoryThatIsNoneIsNamed) {
  std::ofstream(data_dir()) << "a file";
  const std::string error = StartError(Configuration());
  EXPECT_THAT(error, HasSubstr(data_dir()));
  EXPECT_THAT(error, HasSubstr("--data-dir"));
}

TEST_F(InstanceTest, ASettingOfTheKafkaClientThatBreaksAPromiseIsRefusedByName) {
  EXPECT_THAT(StartError(Configuration(
                  {{"kafka.bootstrap_servers", "127.0.0.1:1"}, {"kafka.properties.enable.idempotence", "false"}})),
              HasSubstr("enable.idempotence"));
}

TEST_F(InstanceTest, EventsAreAcceptedWhileNeitherKafkaNorPostgresCanBeReached) {
  const std::unique_ptr<Instance> instance = Started(Configuration(
      {{"kafka.bootstrap_servers", "127.0.0.1:1"}, {"store.backend", "postgres"}, {"database.port", "1"}}));
  const auto client = ClientOf(instance->port());
  const auto answer = client->Post("/events", kJson, Event("one"));
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(client->Get("/health/ready")->status, 200);
  instance->Stop(std::chrono::milliseconds{100});
}

}  // namespace
}  // namespace audit::instance
