#include "config/yaml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace audit::config {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Message(const std::string& text) {
  const Result<Assignments> read = ReadYaml(text, "a.yaml");
  return read.ok() ? "accepted" : read.error().message();
}

TEST(ReadYaml, SectionsBecomeDottedNamesWithTheirLines) {
  const Result<Assignments> read = ReadYaml(
      "audit_manager:\n"
      "  service_id: x\n"
      "  kafka:\n"
      "    producer:\n"
      "      acks: \"1\"\n"
      "  roles: [ingest, persist]\n"
      "  http:\n",
      "a.yaml");
  ASSERT_TRUE(read.ok()) << read.error().message();
  ASSERT_EQ(read->size(), 4U);
  EXPECT_EQ((*read)[0].key, "service_id");
  EXPECT_EQ((*read)[1].key, "kafka.producer.acks");
  EXPECT_EQ((*read)[1].value, "1");
  EXPECT_EQ((*read)[1].place, "a.yaml:5");
  EXPECT_EQ((*read)[1].written_as, "audit_manager.kafka.producer.acks");
  EXPECT_EQ((*read)[2].value, "ingest,persist");
  EXPECT_EQ((*read)[2].shape, Assignment::Shape::kList);
  EXPECT_EQ((*read)[3].key, "http");
  EXPECT_EQ((*read)[3].shape, Assignment::Shape::kNothing);
}

TEST(ReadYaml, NothingIsAFileToo) {
  for (const char* text : {"", "# nothing\n", "---\n", "audit_manager:\n", "audit_manager: {}\n", "{}"}) {
    const Result<Assignments> read = ReadYaml(text, "a.yaml");
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_TRUE(read->empty()) << text;
  }
}

TEST(ReadYaml, WhatIsNotYamlIsNamedWithLineAndColumn) {
  EXPECT_THAT(Message("audit_manager:\n  a: [1, 2\n"), MatchesRegex("a.yaml:[0-9]+:[0-9]+: not YAML: .+"));
  EXPECT_THAT(Message("audit_manager:\n\ta: 1\n"), MatchesRegex("a.yaml:2:[0-9]+: not YAML: .+"));
  EXPECT_THAT(Message("{\"audit_manager\": "), MatchesRegex("a.yaml:1:[0-9]+: not YAML: .+"));
}

TEST(ReadYaml, AKeyMayStandOnce) {
  EXPECT_EQ(Message("audit_manager:\n  http:\n    port: 1\n    port: 2\n"),
            "a.yaml:4: audit_manager.http.port stands here a second time");
  EXPECT_EQ(Message("audit_manager:\n  http: {port: 1}\n  http: {host: x}\n"),
            "a.yaml:3: audit_manager.http stands here a second time");
}

TEST(ReadYaml, EverythingStandsUnderOneRoot) {
  EXPECT_EQ(Message("audit_manager: {}\nkafka: {}\n"),
            "a.yaml:2: \"kafka\" is not known; everything stands under audit_manager:");
  EXPECT_EQ(Message("- 1\n"), "a.yaml:1: everything stands under audit_manager:");
  EXPECT_EQ(Message("just text"), "a.yaml:1: everything stands under audit_manager:");
  EXPECT_EQ(Message("audit_manager: {}\n---\naudit_manager: {}\n"), "a.yaml: holds more than one YAML document");
}

TEST(ReadYaml, KeysAreWords) {
  EXPECT_EQ(Message("audit_manager:\n  http.port: 1\n"), "a.yaml:2: a key that is not a word");
  EXPECT_EQ(Message("audit_manager:\n  \"a\\nb\": 1\n"), "a.yaml:2: a key that is not a word");
  EXPECT_EQ(Message("audit_manager:\n  ? [a]\n  : 1\n"), "a.yaml:2: a key that is not a word");
}

TEST(ReadYaml, AliasesThatContainThemselvesEnd) {
  EXPECT_THAT(Message("audit_manager: &a\n  x: *a\n"), HasSubstr("is nested too deep"));
}

TEST(ReadYamlFile, AFileThatIsNotThereIsNamed) {
  const Result<Assignments> read = ReadYamlFile("/nowhere/a.yaml");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(read.error().message(), "configuration file /nowhere/a.yaml: No such file or directory");
}

TEST(ReadYamlFile, ADirectoryIsNotAFile) {
  const Result<Assignments> read = ReadYamlFile("/tmp");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message(), "configuration file /tmp: Is a directory");
}

}  // namespace
}  // namespace audit::config
