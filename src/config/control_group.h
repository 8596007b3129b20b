// What the control groups (cgroup v2) that this process is in allow it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace audit::config {

// The first line of a file ("cpu.max") in the process's group and in each one above it, of those that have it: any of
// them may have the tightest limit.
[[nodiscard]] std::vector<std::string> ControlGroupLines(std::string_view file);

// Bytes; nothing: no limit.
[[nodiscard]] std::optional<std::uint64_t> MemoryLimit();

}  // namespace audit::config
