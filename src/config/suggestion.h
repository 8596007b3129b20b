// The name somebody meant.
#pragma once

#include <string_view>

namespace audit::config {

struct Key;

// The key most like `name`, or null when none is close.
[[nodiscard]] const Key* MostLike(std::string_view name);

}  // namespace audit::config
