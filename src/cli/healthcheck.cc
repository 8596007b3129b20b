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

constexpr double kTimeoutSeconds = 2;

struct HealthcheckFlags {
  std::shared_ptr<const ConfigurationFlags> configuration;
  std::shared_ptr<const ServiceFlags> service;
  std::string probe = "ready";
};

int RunHealthcheck(const HealthcheckFlags& flags) {
  Result<client::ClientOptions> options = ClientOptionsOf(*flags.service, *flags.configuration);
  if (!options.ok()) return ReportFailure(options.error()), kUsage;
  Result<std::unique_ptr<client::HttpClient>> http = client::HttpClient::Create(*std::move(options));
  if (!http.ok()) return ReportFailure(http.error()), kUsage;

  const std::string path = "/v1/auditmanager/health" + (flags.probe == "health" ? "" : '/' + flags.probe);
  const Result<client::Answer> answer = (*http)->Get(path);
  if (!answer.ok()) return ReportFailure(answer.error()), kFailed;
  if (answer->status != 200) {
    ReportFailure("not healthy: " + (*http)->base().ToString() + path + " answered " + std::to_string(answer->status) +
                  ": " + client::Describe(client::ParseRefusals(answer->status, answer->body).front()));
    return kFailed;
  }
  std::printf("UP\n");
  return kOk;
}

}  // namespace

void AddHealthcheck(CLI::App& app, int* exit_code) {
  auto flags = std::make_shared<HealthcheckFlags>();
  CLI::App* command =
      app.add_subcommand("healthcheck", "Ask a service whether it is well; for containers and supervisors");
  flags->service = AddServiceFlags(*command, kTimeoutSeconds);
  flags->configuration = AddConfigurationFlags(*command);
  command
      ->add_option("--probe", flags->probe,
                   "ready: can take events now (the default); live: the process answers; health: and its store can "
                   "be reached")
      ->check(CLI::IsMember({"ready", "live", "health"}))
      ->option_text("ready|live|health");
  command->footer(
      "Examples:\n"
      "  audit-manager healthcheck\n"
      "  audit-manager healthcheck --probe health --url https://audit.example.org\n"
      "  HEALTHCHECK CMD [\"audit-manager\", \"healthcheck\"]     in a Containerfile\n"
      "\n"
      "Exit codes: 0 it is well; 1 it is not, or did not answer in time; 2 the command line or the\n"
      "configuration is wrong.");
  command->callback([flags, exit_code] { *exit_code = RunHealthcheck(*flags); });
}

}  // namespace audit::cli
