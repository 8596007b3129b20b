#include "preflight/machine_facts.h"

#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "config/control_group.h"
#include "config/usable_cores.h"
#include "http/listener.h"
#include "instance/data_layout.h"

namespace audit::preflight {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::size_t kProbeBytes = 4'096;
constexpr std::size_t kProbes = 31;
// A disk that takes this long is slow enough to be told from fewer.
constexpr std::chrono::seconds kProbeTime{2};

// statfs(2); those that say something about durability, and those that are common.
constexpr std::array<std::pair<std::uint32_t, const char*>, 17> kFileSystems{{
    {0xEF53U, "ext4"},
    {0x58465342U, "xfs"},
    {0x9123683EU, "btrfs"},
    {0x2FC12FC1U, "zfs"},
    {0xF2F52010U, "f2fs"},
    {0x01021994U, "tmpfs"},
    {0x858458F6U, "ramfs"},
    {0x794C7630U, "overlay"},
    {0x6969U, "nfs"},
    {0xFF534D42U, "cifs"},
    {0xFE534D42U, "smb2"},
    {0x517BU, "smb"},
    {0x00C36400U, "ceph"},
    {0x65735546U, "fuse"},
    {0x01021997U, "9p"},
    {0x47504653U, "gpfs"},
    {0x0BD00BD0U, "lustre"},
}};

std::string FileSystemName(std::uint32_t magic) {
  for (const auto& [number, name] : kFileSystems) {
    if (number == magic) return name;
  }
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%X", magic);
  return text.data();
}

std::uint64_t BytesIn(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error); !error && each != end(each); each.increment(error)) {
    std::error_code gone;
    const std::uintmax_t size = each->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

Result<microseconds> MeasureSync(const std::string& folder, env::FileSystem& files) {
  const std::string path = folder + "/.preflight-" + std::to_string(::getpid());
  auto file = files.Open(path, env::OpenMode::kCreate);
  if (!file) return std::move(file).error();
  // Open, it stays usable without its name, and whatever ends the process removes it.
  if (auto removed = files.Remove(path); !removed) return std::move(removed).error();
  // As the spool's segments: written before, so that a sync changes nothing but the bytes.
  if (auto written = env::WriteAllAt(**file, 0, std::string(kProbeBytes * kProbes, '\0')); !written) {
    return std::move(written).error();
  }
  if (auto synced = (*file)->Sync(); !synced) return std::move(synced).error();
  std::vector<microseconds> times;
  const std::string block(kProbeBytes, 'x');
  const auto begin = steady_clock::now();
  while (times.size() < kProbes && (times.empty() || steady_clock::now() - begin < kProbeTime)) {
    const auto before = steady_clock::now();
    if (auto written = env::WriteAllAt(**file, times.size() * kProbeBytes, block); !written) {
      return std::move(written).error();
    }
    if (auto synced = (*file)->Sync(); !synced) return std::move(synced).error();
    times.push_back(std::chrono::duration_cast<microseconds>(steady_clock::now() - before));
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

}  // namespace

DiskFacts AskDisk(const config::Config& config, env::FileSystem& files) {
  DiskFacts facts;
  std::error_code error;
  std::filesystem::path folder = std::filesystem::absolute(config.data_dir, error).lexically_normal();
  facts.data_dir_exists = std::filesystem::exists(folder, error);
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  facts.folder = folder.string();
  if (!std::filesystem::is_directory(folder, error)) {
    facts.writable = Error(ErrorCode::kIo, facts.folder + " is no directory");
    return facts;
  }
  struct statfs system{};
  if (::statfs(facts.folder.c_str(), &system) == 0) {
    facts.free_bytes = static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_bsize);
    facts.file_system = FileSystemName(static_cast<std::uint32_t>(system.f_type));
  }
  facts.spool_bytes = BytesIn(instance::SpoolDirectory(config));
  if (::access(facts.folder.c_str(), W_OK | X_OK) != 0) {
    facts.writable = Error::FromErrno(errno, "write to " + facts.folder + " as user " + std::to_string(::geteuid()));
    return facts;
  }
  if (facts.data_dir_exists) facts.sync_time = MeasureSync(facts.folder, files);
  return facts;
}

MachineFacts AskMachine(const config::Config& config) {
  MachineFacts facts;
  if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.open_files = limit.rlim_max;
  facts.cores = config::UsableCores();
  facts.memory_limit = config::MemoryLimit();
  // Listens for a moment, and lets go at once.
  if (auto sockets = http::OpenListenSockets(config.http.host, config.http.port, 1); !sockets) {
    facts.port = std::move(sockets).error();
  }
  return facts;
}

}  // namespace audit::preflight
