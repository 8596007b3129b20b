#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/configuration_flags.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/service_flags.h"
#include "client/http_client.h"
#include "client/refusal.h"

namespace audit::cli {
namespace {

constexpr double kTimeoutSeconds = 5;

struct MetricsFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::shared_ptr<const ServiceFlags> service;
};

int RunMetrics(const MetricsFlags& flags) {
  Result<client::ClientOptions> options = ClientOptionsOf(*flags.service, *flags.configuration);
  if (!options.ok()) return ReportFailure(options.error()), kUsage;
  Result<std::unique_ptr<client::HttpClient>> http = client::HttpClient::Create(*std::move(options));
  if (!http.ok()) return ReportFailure(http.error()), kUsage;

  const std::string path = "/v1/auditmanager/metrics";
  const Result<client::Answer> answer = (*http)->Get(path);
  if (!answer.ok()) return ReportFailure(answer.error()), kFailed;
  if (answer->status != 200) {
    ReportFailure("no metrics: " + (*http)->base().ToString() + path + " answered " + std::to_string(answer->status) +
                  ": " + client::Describe(client::ParseRefusals(answer->status, answer->body).front()));
    return kFailed;
  }
  std::fputs(answer->body.c_str(), stdout);
  return kOk;
}

}  // namespace

void AddMetrics(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<MetricsFlags>();
  CLI::App* command = app.add_subcommand("metrics", "Print the metrics of a service, as Prometheus reads them");
  flags->service = AddServiceFlags(*command, kTimeoutSeconds);
  flags->configuration = AddConfigurationFlags(*command);
  command->footer(
      "For where there is no curl, as in the container image. What each means: docs/metrics.md.\n"
      "\n"
      "Examples:\n"
      "  audit-manager metrics | grep lag\n"
      "  kubectl exec audit-manager-0 -- audit-manager metrics\n"
      "\n"
      "Exit codes: 0 they were printed; 1 the service did not answer in time, or not with metrics; 2 the\n"
      "command line or the configuration is wrong.");
  command->callback([flags, exit_code] { *exit_code = RunMetrics(*flags); });
}

}  // namespace audit::cli
