// Opening a day file to read it, beside the service that writes it or from a copy that nobody can
// write.
#pragma once

#include <optional>
#include <string>

#include "errors/result.h"
#include "sqlite/database.h"

namespace audit::store {

// nullopt: there is nothing in it to read: retention has just dropped it, or it was made and not yet
// filled. kUnavailable names the remedy where the file can be read only by a user who may write.
Result<std::optional<sqlite::Database>> OpenDayForReading(const std::string& path);

}  // namespace audit::store
