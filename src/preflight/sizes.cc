#include "preflight/sizes.h"

#include <array>
#include <string_view>

namespace audit::preflight {

std::string Bytes(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  // Up to 9999 in a unit, so that two digits at least are said.
  for (; bytes >= 10'000 && unit + 1 < kUnits.size(); ++unit) bytes >>= 10U;
  return std::to_string(bytes) + ' ' + std::string(kUnits.at(unit));
}

}  // namespace audit::preflight
