#include "cli/service_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <utility>

namespace audit::cli {

std::shared_ptr<ServiceFlags> AddServiceFlags(CLI::App& command, const std::string& default_url,
                                              double default_timeout_seconds) {
  auto flags = std::make_shared<ServiceFlags>();
  flags->url = default_url;
  flags->timeout_seconds = default_timeout_seconds;
  command
      .add_option("--url", flags->url,
                  default_url.empty() ? "The service; by default the one of this machine's configuration"
                                      : "The service; by default " + default_url)
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

Result<client::ClientOptions> ClientOptionsOf(const ServiceFlags& flags) {
  Result<client::Url> url = client::ParseUrl(flags.url);
  if (!url.ok()) return std::move(url).error();
  client::ClientOptions options;
  options.base = *std::move(url);
  options.ca_file = flags.ca_file;
  options.insecure = flags.insecure;
  options.request_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(flags.timeout_seconds * 1'000));
  options.connect_timeout = std::min(options.connect_timeout, options.request_timeout);
  return options;
}

}  // namespace audit::cli
