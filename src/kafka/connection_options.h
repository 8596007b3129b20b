// How every client of this room reaches the brokers, and what it says on the way.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace audit::kafka {

// A line of librdkafka's own log, in our terms (client_log.h).
struct ClientLine {
  int level = 0;            // as in syslog: 3 error, 4 warning, 6 info, 7 debug
  std::string_view text;    // names brokers and topics, never a payload or a secret; the same trouble, the same text
  std::string_view remedy;  // which setting to look at; empty: not known
};

// Called on any thread, librdkafka's among them, also while a call of ours runs: it must be quick and must
// not call back into this room.
using LogCallback = std::function<void(const ClientLine& line)>;

struct ConnectionOptions {
  std::string bootstrap_servers;  // "host:port,host:port"
  std::string client_id = "openg2p-audit-manager";
  // librdkafka's settings by their own names (security.protocol, sasl.*, ssl.*, ...). They win over ours,
  // but for those that would break a promise or have a setting of their own: these are refused by name.
  std::map<std::string, std::string> properties;
  LogCallback log;  // may be empty
};

}  // namespace audit::kafka
