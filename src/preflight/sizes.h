// Numbers of bytes for people.
#pragma once

#include <cstdint>
#include <string>

namespace audit::preflight {

[[nodiscard]] std::string Bytes(std::uint64_t bytes);  // "12 MiB", rounded down

}  // namespace audit::preflight
