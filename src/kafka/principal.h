// As whom the brokers know the user of this service: what their rights are granted to.
#pragma once

#include <string>

#include "kafka/connection_options.h"

namespace audit::kafka {

// "User:audit" by the name that logs in, "User:CN=audit,O=Site" by the client certificate, "User:ANONYMOUS" without
// either. Brokers with ssl.principal.mapping.rules or a principal builder of their own make another one of it.
// "User:NAME": it cannot be told from here, as with Kerberos.
[[nodiscard]] std::string PrincipalOf(const ConnectionOptions& connection);

}  // namespace audit::kafka
