// What librdkafka says in its log, put in our terms: without what differs each time it is said, and with
// the setting to look at. The texts are those of librdkafka 2.0; one that is not recognised goes on as it is.
#pragma once

#include <string_view>

#include "kafka/connection_options.h"

namespace audit::kafka {

// The views are into `text`, and into constants. A line with a remedy is at least a warning.
[[nodiscard]] ClientLine LineOf(int level, std::string_view facility, std::string_view text);

// What `text` says without what differs each time: a view into it.
[[nodiscard]] std::string_view Essence(std::string_view text);

// Which setting of ours is to blame for what librdkafka says about a connection, or about a client that cannot
// start. Empty: not known.
[[nodiscard]] std::string_view RemedyFor(std::string_view text);

}  // namespace audit::kafka
