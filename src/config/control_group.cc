#include "config/control_group.h"

#include <algorithm>
#include <fstream>

#include "config/value.h"

namespace audit::config {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::vector<std::string> ControlGroupLines(std::string_view file) {
  // "0::/system.slice/audit-manager.service"; in a container of its own name space just "0::/".
  constexpr std::string_view kVersion2 = "0::";
  std::string group = FirstLine("/proc/self/cgroup");
  group = group.starts_with(kVersion2) ? group.substr(kVersion2.size()) : "";
  std::vector<std::string> lines;
  while (!group.empty()) {
    std::string line = FirstLine("/sys/fs/cgroup" + group + '/' + std::string(file));
    if (!line.empty()) lines.push_back(std::move(line));
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return lines;
}

std::optional<std::uint64_t> MemoryLimit() {
  std::optional<std::uint64_t> limit;
  for (const std::string& line : ControlGroupLines("memory.max")) {
    const std::optional<std::int64_t> bytes = ParseInteger(line);  // or "max"
    if (bytes && *bytes > 0) limit = std::min(limit.value_or(UINT64_MAX), static_cast<std::uint64_t>(*bytes));
  }
  return limit;
}

}  // namespace audit::config
