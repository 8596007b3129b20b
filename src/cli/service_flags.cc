#include "cli/service_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <utility>

namespace audit::cli {

namespace {

// As the service that `config` describes is reached from the machine it runs on.
client::Url OwnService(const config::Config::Http& config) {
  client::Url url;
  url.tls = !config.tls_certificate_file.empty();
  url.host = config.host == "0.0.0.0" ? "127.0.0.1" : config.host == "::" ? "::1" : config.host;
  url.port = config.port;
  return url;
}

}  // namespace

std::shared_ptr<const ServiceFlags> AddServiceFlags(CLI::App& command, double default_timeout_seconds) {
  auto flags = std::make_shared<ServiceFlags>();
  flags->timeout_seconds = default_timeout_seconds;
  command
      .add_option("--url", flags->url,
                  "The service; by default this machine's own, at the address of its configuration")
      ->option_text("URL");
  command.add_option("--ca-file", flags->ca_file, "Trust the certificates in this PEM file and no others")
      ->option_text("FILE");
  command.add_flag("--insecure", flags->insecure, "Do not look at the service's certificate");
  command
      .add_option("--timeout", flags->timeout_seconds,
                  CLI::detail::to_string(default_timeout_seconds) + " s by default: how long one request may take")
      ->check(CLI::Range(0.001, 86'400.0))
      ->option_text("SECONDS");
  return flags;
}

Result<client::ClientOptions> ClientOptionsOf(const ServiceFlags& flags, const ConfigurationFlags& configuration) {
  client::ClientOptions options;
  options.insecure = flags.insecure;
  if (flags.url.empty()) {
    const Result<config::Loaded> loaded = LoadConfiguration(configuration);
    if (!loaded.ok()) return loaded.error();
    options.base = OwnService(loaded->config.http);
    // The certificate is made for the name that callers use, not for the address of this machine.
    if (flags.ca_file.empty()) options.insecure = true;
  } else {
    Result<client::Url> url = client::ParseUrl(flags.url);
    if (!url.ok()) return std::move(url).error();
    options.base = *std::move(url);
  }
  options.ca_file = flags.ca_file;
  options.request_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  options.connect_timeout = std::min(options.connect_timeout, options.request_timeout);
  return options;
}

}  // namespace audit::cli
