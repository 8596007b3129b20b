#include "config/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

#include "config/value.h"

namespace audit::config {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

unsigned AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;  // more than 1,024 cores: the mask does not fit
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

unsigned UsableCores() {
  unsigned cores = AffinityCores();
  // "0::/system.slice/audit-manager.service"; in a container of its own name space just "0::/".
  constexpr std::string_view kVersion2 = "0::";
  std::string group = FirstLine("/proc/self/cgroup");
  group = group.starts_with(kVersion2) ? group.substr(kVersion2.size()) : "";
  // Any group on the way to the root may have the tightest quota.
  while (!group.empty()) {
    if (const std::optional<unsigned> quota = QuotaCores(FirstLine("/sys/fs/cgroup" + group + "/cpu.max"))) {
      cores = std::min(cores, *quota);
    }
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return std::max(cores, 1U);
}

std::optional<unsigned> QuotaCores(std::string_view cpu_max) {
  const std::size_t space = cpu_max.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::optional<std::int64_t> quota = ParseInteger(cpu_max.substr(0, space));
  const std::optional<std::int64_t> period = ParseInteger(cpu_max.substr(space + 1));
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<unsigned>((*quota - 1) / *period + 1);
}

}  // namespace audit::config
