// The texts that are made from the table of keys.
#pragma once

#include <string>

namespace audit::config {

// Kept in the repository:
[[nodiscard]] std::string ReferencePage();  // docs/configuration.md
[[nodiscard]] std::string DefaultFile();    // config/default.yaml
// /etc/audit-manager/config.yaml of the package: it sets the folder for the data and nothing else, so that an
// upgrade that brings better defaults brings them to whoever changed nothing.
[[nodiscard]] std::string InstalledFile(const std::string& data_dir);

}  // namespace audit::config
