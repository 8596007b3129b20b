// A file whose blocks are all written and synced before use, so that a later write and fdatasync
// changes no metadata: what the spool's segments are, for the probe and the sketch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace audit::bench {

// One thread. Every call throws std::system_error where the operating system refuses.
class PrewrittenFile {
 public:
  // Makes `directory/name` with `bytes` of zeros. Removed again at the end.
  PrewrittenFile(const std::string& directory, const std::string& name, std::uint64_t bytes);
  ~PrewrittenFile();
  PrewrittenFile(const PrewrittenFile&) = delete;
  PrewrittenFile& operator=(const PrewrittenFile&) = delete;

  // Writes behind the last write (from the begin again where the file would end) and syncs.
  void AppendAndSync(std::string_view bytes);

 private:
  void WriteAll(std::string_view bytes, std::uint64_t offset) const;

  std::string path_;
  std::uint64_t size_;
  std::uint64_t position_ = 0;
  int fd_ = -1;
};

}  // namespace audit::bench
