// How the machine is, or the container, that the service is to run on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "env/file_system.h"
#include "errors/result.h"

namespace audit::preflight {

struct DiskFacts {
  // data_dir, or the nearest of its parents that is there: the service makes the rest.
  std::string folder;
  bool data_dir_exists = false;
  Result<void> writable;  // by this user
  std::uint64_t free_bytes = 0;
  std::uint64_t spool_bytes = 0;  // that the spool has already
  std::string file_system;        // "ext4", "tmpfs"; "0x1234" where it has no name here
  // How long it takes to have 4 KiB on the disk, the median; nothing where it cannot be written to.
  std::optional<Result<std::chrono::microseconds>> sync_time;
};

struct MachineFacts {
  std::uint64_t open_files = 0;  // that this process may raise its limit to
  unsigned cores = 1;
  std::optional<std::uint64_t> memory_limit;
  Result<void> port;  // an address that can be listened on
};

// Writes one file into data_dir, which is gone before this returns, and gone too when the process is killed.
[[nodiscard]] DiskFacts AskDisk(const config::Config& config, env::FileSystem& files);
[[nodiscard]] MachineFacts AskMachine(const config::Config& config);

}  // namespace audit::preflight
