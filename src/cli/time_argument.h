// Points in time as people give them on the command line.
#pragma once

#include <string_view>

#include "errors/result.h"
#include "time/unix_micros.h"

namespace audit::cli {

// RFC 3339 ("2026-11-24T10:00:00Z"), a day ("2026-11-24": its first moment, UTC), or so long before
// `now`: "90s", "30m", "24h", "7d", "2w".
Result<time::UnixMicros> ParseTimeArgument(std::string_view text, time::UnixMicros now);

}  // namespace audit::cli
