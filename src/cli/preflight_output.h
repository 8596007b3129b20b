// Findings as people and programs read them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "preflight/finding.h"

namespace audit::cli {

// A table, the counts, and below it what to do about all that is not ok, in full. `width` as of Table.
[[nodiscard]] std::string FindingsText(std::span<const preflight::Finding> findings, std::size_t width,
                                       bool bold_titles);

// One object, with "findings", "errors" and "warnings".
[[nodiscard]] std::string FindingsJson(std::span<const preflight::Finding> findings);

}  // namespace audit::cli
