// The two texts that are made from the table of keys and kept in the repository.
#pragma once

#include <string>

namespace audit::config {

[[nodiscard]] std::string ReferencePage();  // docs/configuration.md
[[nodiscard]] std::string DefaultFile();    // config/default.yaml

}  // namespace audit::config
