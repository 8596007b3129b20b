// What the facts about the machine mean for the service. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "preflight/finding.h"
#include "preflight/machine_facts.h"

namespace audit::preflight {

// What the service may take at most, by its configuration, with room for the program itself.
[[nodiscard]] std::uint64_t MemoryNeeded(const config::Config& config);

[[nodiscard]] std::vector<Finding> JudgeDisk(const config::Config& config, const DiskFacts& facts);
[[nodiscard]] std::vector<Finding> JudgeMachine(const config::Config& config, const MachineFacts& facts);

}  // namespace audit::preflight
