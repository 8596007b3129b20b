// The options by which a subcommand is told which service to talk to, the same for all of them.
#pragma once

#include <memory>
#include <string>

#include "cli/configuration_flags.h"
#include "client/http_client.h"
#include "errors/result.h"

namespace CLI {
class App;
}

namespace audit::cli {

struct ServiceFlags {
  std::string url;  // empty: the service that the configuration describes, on this machine
  std::string ca_file;
  bool insecure = false;
  double timeout_seconds = 0;
};

// Adds --url, --ca-file, --insecure and --timeout. What is returned is filled when the command line is
// parsed.
[[nodiscard]] std::shared_ptr<const ServiceFlags> AddServiceFlags(CLI::App& command, double default_timeout_seconds);

// Any error is one of what the caller gave: the URL is none, or the configuration that stands in for
// it is wrong.
Result<client::ClientOptions> ClientOptionsOf(const ServiceFlags& flags, const ConfigurationFlags& configuration);

}  // namespace audit::cli
