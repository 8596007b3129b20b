#include "cli/settings_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace audit::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

config::Loaded Load(const config::Environment& environment, const std::map<std::string, std::string>& overrides,
                    const std::string& yaml) {
  const std::string path = testing::TempDir() + std::to_string(::getpid()) + "_settings.yaml";
  std::ofstream(path) << yaml;
  Result<config::Loaded> loaded = config::Load(environment, path, overrides);
  EXPECT_TRUE(loaded.ok()) << loaded.error().message();
  return *std::move(loaded);
}

class SettingsOutput : public testing::Test {
 protected:
  config::Loaded loaded_ = Load({{"AUDIT_MANAGER__HTTP__PORT", "8081"}, {"DB_PASSWORD", "hunter2"}},
                                {{"data_dir", "/srv/a"}}, "audit_manager:\n  ingest:\n    durability: written\n");
};

TEST_F(SettingsOutput, TableSaysWhereEachValueComesFrom) {
  const std::string table = SettingsTable(loaded_, 0, false);
  EXPECT_THAT(table, testing::ContainsRegex("http\\.port +8081 +AUDIT_MANAGER__HTTP__PORT"));
  EXPECT_THAT(table, testing::ContainsRegex("ingest\\.durability +written +.*settings\\.yaml"));
  EXPECT_THAT(table, testing::ContainsRegex("data_dir +/srv/a +command line"));
  EXPECT_THAT(table, testing::ContainsRegex("service_id +openg2p\\.auditmanager +default"));
}

TEST_F(SettingsOutput, SecretsAreInNoFormat) {
  for (const std::string& text : {SettingsTable(loaded_, 0, false), SettingsJson(loaded_), SettingsYaml(loaded_)}) {
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, HasSubstr("********"));
  }
}

TEST_F(SettingsOutput, YamlReadsBackToTheSameValues) {
  const config::Loaded again = Load({{"DB_PASSWORD", "hunter2"}}, {}, SettingsYaml(loaded_));
  ASSERT_EQ(again.settings.size(), loaded_.settings.size());
  for (std::size_t i = 0; i < again.settings.size(); ++i) {
    EXPECT_EQ(again.settings[i].value, loaded_.settings[i].value) << again.settings[i].key;
  }
}

TEST_F(SettingsOutput, JsonNamesKeyValueAndOrigin) {
  EXPECT_THAT(SettingsJson(loaded_),
              HasSubstr(R"({"key": "http.port", "value": "8081", "default": "8000", "origin": "environment", )"
                        R"("from": "AUDIT_MANAGER__HTTP__PORT", "environment": "AUDIT_MANAGER__HTTP__PORT"})"));
}

}  // namespace
}  // namespace audit::cli
