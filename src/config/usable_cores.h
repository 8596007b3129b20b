// How many cores this process may really use.
#pragma once

#include <optional>
#include <string_view>

namespace audit::config {

// At least 1: the cores of the CPU affinity mask, or fewer where the quota of the control group
// (cgroup v2) allows less, rounded up.
[[nodiscard]] unsigned UsableCores();

// The quota of a cpu.max file in whole cores, rounded up; nothing for "max" or anything malformed.
[[nodiscard]] std::optional<unsigned> QuotaCores(std::string_view cpu_max);

}  // namespace audit::config
