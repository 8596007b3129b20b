#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/broker_warnings.h"
#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "instance/backend_options.h"
#include "kafka/topic_admin.h"

namespace audit::cli {
namespace {

struct TopicsFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  double timeout_seconds = 60;
};

const char* Describe(kafka::TopicChange change) {
  switch (change) {
    case kafka::TopicChange::kUnchanged: return "is there";
    case kafka::TopicChange::kCreated: return "was made";
    case kafka::TopicChange::kGrown: return "has more partitions now";
  }
  return "";
}

int RunEnsure(const TopicsFlags& flags) {
  const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
  if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
  const auto admin = kafka::TopicAdmin::Create(instance::KafkaConnectionOf(loaded->config, BrokerWarnings()));
  if (!admin.ok()) return ReportFailure(admin.error()), kUsage;
  const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  const auto topics = (*admin)->Ensure(instance::TopicsOf(loaded->config), timeout);
  if (!topics.ok()) return ReportFailure(topics.error()), kFailed;
  for (const kafka::TopicOutcome& topic : *topics) {
    std::printf("%s %s: %d partitions\n", topic.name.c_str(), Describe(topic.change), topic.partitions);
  }
  return kOk;
}

}  // namespace

void AddTopics(CLI::App& app, int* exit_code) {
  CLI::App* topics = app.add_subcommand("topics", "Look after the topics of the Kafka log");
  topics->require_subcommand(1);
  auto flags = std::make_shared<TopicsFlags>();
  CLI::App* ensure =
      topics->add_subcommand("ensure", "Make the topics that are missing, grow those with too few partitions");
  flags->configuration = AddConfigurationFlags(*ensure);
  ensure->add_option("--timeout", flags->timeout_seconds, "60 by default: how long to wait for the brokers")
      ->check(CLI::Range(1.0, 86'400.0))
      ->option_text("SECONDS");
  topics->footer("Examples:\n  audit-manager topics ensure");
  ensure->footer(
      "Takes no partition away and changes no setting of a topic that exists. How many partitions and replicas:\n"
      "kafka.topics in docs/configuration.md.\n"
      "\n"
      "Examples:\n"
      "  audit-manager topics ensure\n"
      "  AUDIT_MANAGER__KAFKA__TOPICS__PARTITIONS=24 audit-manager topics ensure\n"
      "\n"
      "Exit codes: 0 both topics are there; 1 they could not be made; 2 the command line or the configuration is\n"
      "wrong.");
  ensure->callback([flags, exit_code] { *exit_code = RunEnsure(*flags); });
}

}  // namespace audit::cli
