// The effective settings, written out for people and programs.
#pragma once

#include <cstddef>
#include <string>

#include "config/config.h"

namespace audit::cli {

// KEY, VALUE and FROM: "default", the file's name, the environment variable or "command line".
[[nodiscard]] std::string SettingsTable(const config::Loaded& loaded, std::size_t width, bool bold_titles);
// An array of objects, one a setting.
[[nodiscard]] std::string SettingsJson(const config::Loaded& loaded);
// A file that --config reads back to the same values. What a file cannot hold, and secrets, are
// comments in it.
[[nodiscard]] std::string SettingsYaml(const config::Loaded& loaded);

}  // namespace audit::cli
