#include "config/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "config/control_group.h"
#include "config/value.h"

namespace audit::config {
namespace {

unsigned AffinityCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;  // more than 1,024 cores: the mask does not fit
  return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace

unsigned UsableCores() {
  unsigned cores = AffinityCores();
  for (const std::string& line : ControlGroupLines("cpu.max")) {
    if (const std::optional<unsigned> quota = QuotaCores(line)) cores = std::min(cores, *quota);
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
