#include "env/file_system.h"

namespace audit::env {

Result<void> WriteAllAt(File& file, std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    Result<std::size_t> written = file.WriteAt(offset, bytes);
    if (!written) return std::move(written).error();
    if (*written == 0) return Error(ErrorCode::kIo, "a write took no byte");
    offset += *written;
    bytes.remove_prefix(*written);
  }
  return {};
}

std::string ParentDirectory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace audit::env
