// For tests: a configuration with a data directory of its own and any free port, and a client for
// the instance that runs with it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "client/http_client.h"
#include "config/config.h"
#include "instance/instance.h"
#include "store/sqlite/query.h"

namespace audit::instance {

class InstanceFixture : public testing::Test {
 protected:
  InstanceFixture() : directory_(std::filesystem::temp_directory_path() / "audit-instance-XXXXXX") {
    std::string name = directory_.string();
    directory_ = mkdtemp(name.data());
  }
  ~InstanceFixture() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string data_dir() const { return (directory_ / "data").string(); }

  [[nodiscard]] config::Loaded Configuration(const std::map<std::string, std::string>& more = {}) const {
    std::map<std::string, std::string> overrides = {{"data_dir", data_dir()},
                                                    {"http.host", "127.0.0.1"},
                                                    {"http.port", "0"},
                                                    {"http.threads", "2"},
                                                    {"http.max_body_bytes", "1000000"},
                                                    {"ingest.queue_max_bytes", "2000000"},
                                                    {"spool.segment_bytes", "4194304"},
                                                    {"spool.max_bytes", "67108864"}};
    for (const auto& [key, value] : more) overrides[key] = value;
    Result<config::Loaded> loaded = config::Load({}, std::nullopt, overrides);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message();
    return std::move(*loaded);
  }

  static std::unique_ptr<client::HttpClient> ClientOf(std::uint16_t port) {
    client::ClientOptions options;
    options.base = *client::ParseUrl("http://127.0.0.1:" + std::to_string(port) + "/v1/auditmanager");
    return std::move(*client::HttpClient::Create(std::move(options)));
  }

  static std::string Event(const std::string& id, const std::string& outcome = "success") {
    return R"({"id":")" + id + R"(","source":"/test","type":"t","data":{"actor":{"id":"u"},"action":"a","outcome":")" +
           outcome + R"("}})";
  }

  [[nodiscard]] std::multiset<std::string> StoredIds() const {
    std::multiset<std::string> ids;
    const auto found = store::QueryEvents(data_dir() + "/store", {}, [&](const store::StoredEvent& event) {
      ids.emplace(event.record.id);
      return true;
    });
    EXPECT_TRUE(found.ok()) << found.error().message();
    return ids;
  }

  std::filesystem::path directory_;
};

}  // namespace audit::instance
