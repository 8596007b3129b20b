// The roles of a process: three switches in Config, one list of words outside.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace audit::config {

// False, and nothing set, unless `text` is a list of different roles with at least one in it.
bool SetRoles(std::string_view text, Config& config);
[[nodiscard]] std::string PrintRoles(const Config& config);

}  // namespace audit::config
