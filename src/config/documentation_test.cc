#include "config/documentation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "config/config.h"
#include "config/key.h"

namespace audit::config {
namespace {

const std::string kSource = AUDIT_SOURCE_DIR;

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void ExpectCurrent(const std::string& name, const std::string& generated) {
  const std::string path = kSource + "/" + name;
  if (std::getenv("AUDIT_UPDATE_GENERATED") != nullptr) std::ofstream(path) << generated;
  EXPECT_TRUE(Contents(path) == generated)
      << name << " is not what src/config/keys.cc says. To write it anew:\n"
      << "  AUDIT_UPDATE_GENERATED=1 build/release/src/config/config_test --gtest_filter='Documentation.*'";
}

TEST(Documentation, TheReferencePageIsWhatTheTableSays) { ExpectCurrent("docs/configuration.md", ReferencePage()); }

TEST(Documentation, TheDefaultFileIsWhatTheTableSays) { ExpectCurrent("config/default.yaml", DefaultFile()); }

TEST(Documentation, TheDefaultFileChangesNothing) {
  const Result<Loaded> with = Load({}, kSource + "/config/default.yaml", {});
  ASSERT_TRUE(with.ok()) << with.error().message();
  const Result<Loaded> without = Load({}, "/dev/null", {});
  ASSERT_TRUE(without.ok()) << without.error().message();
  ASSERT_EQ(with->settings.size(), without->settings.size());
  for (std::size_t i = 0; i < with->settings.size(); ++i) {
    EXPECT_EQ(with->settings[i].value, without->settings[i].value) << with->settings[i].key;
  }
  EXPECT_TRUE(with->warnings.empty());
}

TEST(Documentation, EveryKeyOfAFileStandsInTheDefaultFile) {
  const std::string file = DefaultFile();
  for (const Key& key : Keys()) {
    if (!key.in_file) continue;
    const std::string line = std::string(LastPart(key.name)) + ": ";
    const bool active = file.find("  " + line) != std::string::npos;
    const bool commented = file.find("  # " + line) != std::string::npos;
    EXPECT_TRUE(key.in_default_file ? active : commented) << key.name;
  }
}

TEST(Documentation, TheInstalledFileSetsTheFolderAndNothingElse) {
  const std::string path = testing::TempDir() + std::to_string(getpid()) + "_installed.yaml";
  std::ofstream(path) << InstalledFile("/var/lib/somewhere");
  const Result<Loaded> with = Load({}, path, {});
  std::remove(path.c_str());
  ASSERT_TRUE(with.ok()) << with.error().message();
  for (const Setting& setting : with->settings) {
    EXPECT_EQ(setting.origin, setting.key == "data_dir" ? Origin::kFile : Origin::kDefault) << setting.key;
  }
  EXPECT_EQ(with->config.data_dir, "/var/lib/somewhere");
  for (const Key& key : Keys()) {
    if (key.in_file) EXPECT_NE(InstalledFile("/").find(std::string(LastPart(key.name)) + ": "), std::string::npos);
  }
}

TEST(Keys, AreDescribedOnceAndStandInASection) {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const Key& key : Keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_TRUE(variables.insert(key.environment).second) << key.environment;
    EXPECT_NE(FindSection(SectionOf(key.name)), nullptr) << key.name;
    EXPECT_FALSE(key.allowed.empty()) << key.name;
    EXPECT_TRUE(key.description.ends_with('.')) << key.name;
    EXPECT_EQ(FindKey(key.name), &key);
  }
}

TEST(Keys, EveryDefaultIsAllowedAndReadsBackAsItself) {
  for (const Key& key : Keys()) {
    if (!key.computed_default.empty()) continue;
    const std::string text = key.print(Config());
    Config config;
    EXPECT_TRUE(key.set(text, config)) << key.name << " = " << text;
    EXPECT_EQ(key.print(config), text) << key.name;
  }
}

TEST(Keys, TheNamesThatInstallationsSetAreTheirs) {
  EXPECT_EQ(FindKey("kafka.consumer.batch_max_records")->environment,
            "AUDIT_MANAGER__KAFKA__CONSUMER__BATCH_MAX_RECORDS");
  EXPECT_EQ(FindKey("kafka.dlq_topic")->environment, "AUDIT_MANAGER__KAFKA__DLQ_TOPIC");
  EXPECT_EQ(FindKey("service_id")->environment, "AUDIT_MANAGER__SERVICE_ID");
  EXPECT_EQ(FindKey("database.password")->environment, "DB_PASSWORD");
}

}  // namespace
}  // namespace audit::config
