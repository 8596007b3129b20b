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
  std::shared_ptr<ServiceFlags> service;
  std::string probe = "ready";
};

// The service that this machine's configuration describes, as it is reached from the same machine.
ServiceFlags OwnService(const config::Config& config, ServiceFlags flags) {
  const bool tls = !config.http.tls_certificate_file.empty();
  std::string host = config.http.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = '[' + host + ']';
  flags.url = (tls ? "https://" : "http://") + host + ':' + std::to_string(config.http.port);
  // The certificate is made for the name that callers use, not for the address of this machine.
  if (flags.ca_file.empty()) flags.insecure = true;
  return flags;
}

int RunHealthcheck(const HealthcheckFlags& flags) {
  ServiceFlags service = *flags.service;
  if (service.url.empty()) {
    const Result<config::Loaded> loaded = LoadConfiguration(*flags.configuration);
    if (!loaded.ok()) return ReportFailure(loaded.error()), kUsage;
    service = OwnService(loaded->config, service);
  }
  Result<client::ClientOptions> options = ClientOptionsOf(service);
  if (!options.ok()) return ReportFailure(options.error()), kUsage;
  Result<std::unique_ptr<client::HttpClient>> http = client::HttpClient::Create(*std::move(options));
  if (!http.ok()) return ReportFailure(http.error()), kUsage;

  const std::string path = "/v1/auditmanager/health" + (flags.probe == "health" ? "" : '/' + flags.probe);
  const Result<client::Answer> answer = (*http)->Get(path);
  if (!answer.ok()) return ReportFailure(answer.error()), kFailed;
  if (answer->status != 200) {
    ReportFailure("not healthy: " + service.url + path + " answered " + std::to_string(answer->status) + ": " +
                  client::Describe(client::ParseRefusals(answer->status, answer->body).front()));
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
  flags->service = AddServiceFlags(*command, "", kTimeoutSeconds);
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
