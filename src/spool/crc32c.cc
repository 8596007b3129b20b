#include "spool/crc32c.h"

#include <isa-l/crc.h>

namespace audit::spool {

std::uint32_t Crc32cStep(std::uint32_t state, std::string_view bytes) {
  // The library only reads, it merely lacks the const. Its length is an int; payloads are far below.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return crc32_iscsi(data, static_cast<int>(bytes.size()), state);
}

}  // namespace audit::spool
