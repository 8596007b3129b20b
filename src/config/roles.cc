#include "config/roles.h"

namespace audit::config {

bool SetRoles(std::string_view text, Config& config) {
  Config read;
  read.role_ingest = read.role_persist = read.role_maintain = false;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    bool* const role = word == "ingest"     ? &read.role_ingest
                       : word == "persist"  ? &read.role_persist
                       : word == "maintain" ? &read.role_maintain
                                            : nullptr;
    if (role == nullptr || *role) return false;
    *role = true;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  config.role_ingest = read.role_ingest;
  config.role_persist = read.role_persist;
  config.role_maintain = read.role_maintain;
  return true;
}

std::string PrintRoles(const Config& config) {
  std::string text;
  const auto add = [&text](bool has, std::string_view role) {
    if (!has) return;
    if (!text.empty()) text += ',';
    text += role;
  };
  add(config.role_ingest, "ingest");
  add(config.role_persist, "persist");
  add(config.role_maintain, "maintain");
  return text;
}

}  // namespace audit::config
