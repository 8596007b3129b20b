// What holds between settings.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "errors/result.h"

namespace audit::config {

// Where each key that somebody set comes from.
using Origins = std::map<std::string, Origin, std::less<>>;

// Fills in what depends on other settings or on the machine: back ends, http.host, http.threads.
void DeriveDefaults(Config& config, const Origins& origins);

// kInvalidArgument with a line that names both settings.
Result<void> CheckTogether(const Config& config);

// Settings that are honoured, or not, with a reason to say so.
[[nodiscard]] std::vector<std::string> WarningsOf(const Config& config, const Origins& origins);

}  // namespace audit::config
