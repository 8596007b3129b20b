// The answer to a command line that cannot be understood: what is wrong, the nearest name that
// would be right, and where to read more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace audit::cli {

// A line or two for standard error. `app` is the root, as the failed parse left it.
[[nodiscard]] std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error);

// The one of `names` that `typed` was probably meant to be; empty if none is near.
[[nodiscard]] std::string NearestName(std::string_view typed, const std::vector<std::string>& names);

}  // namespace audit::cli
