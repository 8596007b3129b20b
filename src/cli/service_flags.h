// The options by which a subcommand is told which service to talk to, the same for all of them.
#pragma once

#include <memory>
#include <string>

#include "client/http_client.h"
#include "errors/result.h"

namespace CLI {
class App;
}

namespace audit::cli {

struct ServiceFlags {
  std::string url;
  std::string ca_file;
  bool insecure = false;
  double timeout_seconds = 0;
};

// Adds --url, --ca-file, --insecure and --timeout. An empty `default_url` is for the caller to replace.
// What is returned is filled when the command line is parsed.
[[nodiscard]] std::shared_ptr<ServiceFlags> AddServiceFlags(CLI::App& command, const std::string& default_url,
                                                            double default_timeout_seconds);

// kInvalidArgument: the URL is none.
Result<client::ClientOptions> ClientOptionsOf(const ServiceFlags& flags);

}  // namespace audit::cli
