#include "event/uuid.h"

#include <cstddef>
#include <string_view>

namespace audit::event {

UuidText MakeUuidV7(time::UnixMicros now, std::uint64_t random_high, std::uint64_t random_low) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto millis = static_cast<std::uint64_t>(now.value / 1000);
  const std::uint64_t high = (millis << 16) | 0x7000U | (random_high & 0x0fffU);
  const std::uint64_t low = (random_low >> 2) | (std::uint64_t{0b10} << 62);

  UuidText text;
  std::size_t out = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text[out++] = '-';
    const std::uint64_t half = nibble < 16 ? high : low;
    text[out++] = kHex[(half >> (60 - 4 * (nibble % 16))) & 0xfU];
  }
  return text;
}

}  // namespace audit::event
