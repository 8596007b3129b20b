// CRC-32C (Castagnoli), the checksum of everything that the spool writes. ISA-L does the work: it
// uses the CPU's instructions and folds three streams, about 20 GB/s.
#pragma once

#include <cstdint>
#include <string_view>

namespace audit::spool {

// One step over `bytes`, from the register `state` to the next: no inversion before or after, so
// that a checksum can be continued in another place. Start with kCrc32cStart.
[[nodiscard]] std::uint32_t Crc32cStep(std::uint32_t state, std::string_view bytes);

inline constexpr std::uint32_t kCrc32cStart = 0xFFFF'FFFFU;

// As the RFCs have it: Crc32c("123456789") is 0xE3069283.
[[nodiscard]] inline std::uint32_t Crc32c(std::string_view bytes) { return ~Crc32cStep(kCrc32cStart, bytes); }

}  // namespace audit::spool
